/** Random choices, the same for the same seed. */
export interface Random {
  /** From 0 to below 1. */
  part(): number;
  /** A whole number from 0 to below `below`. */
  below(below: number): number;
  /** True in this part of all cases. */
  chance(part: number): boolean;
  /** @throws Error for an empty list */
  pick<T>(list: readonly T[]): T;
}

/** Begins a sequence (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const part = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(part() * limit);
  return {
    part,
    below,
    chance: (share) => part() < share,
    pick(list) {
      if (list.length === 0) throw new Error("nothing to pick from");
      return list[below(list.length)] as (typeof list)[number];
    },
  };
}
