const STATES = 12;
export const FIRST_STATE_AFTER_MATCH = 7;
export const POSITION_STATES = 16;
const LENGTHS = 2 + POSITION_STATES * 16 + 256;
export const FIRST_BITS = 1 << 10;

/** Offsets of the probabilities in their one array. */
export const IS_MATCH = 0;
export const IS_REPEAT = IS_MATCH + STATES * POSITION_STATES;
export const IS_REPEAT_0 = IS_REPEAT + STATES;
export const IS_REPEAT_1 = IS_REPEAT_0 + STATES;
export const IS_REPEAT_2 = IS_REPEAT_1 + STATES;
export const IS_LONG_REPEAT_0 = IS_REPEAT_2 + STATES;
export const SLOTS = IS_LONG_REPEAT_0 + STATES * POSITION_STATES;
export const DISTANCES = SLOTS + 4 * 64;
export const ALIGN = DISTANCES + 128;
export const MATCH_LENGTHS = ALIGN + 16;
export const REPEAT_LENGTHS = MATCH_LENGTHS + LENGTHS;
export const LITERALS = REPEAT_LENGTHS + LENGTHS;
export const MAX_LITERAL_BITS = 4;
