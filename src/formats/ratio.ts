import { Failure } from "../errors.ts";
import type { Limits } from "../lib/limits.ts";

/** Decompressed bytes below which no ratio counts as a bomb. */
const HARMLESS_BYTES = 8 * 1024 * 1024;

/**
 * Checks the ratio of a decompression.
 * @throws Failure LIMIT_EXCEEDED where `compressed` bytes became more than they may.
 */
export function checkRatio(
  bytes: number,
  compressed: number,
  { ratio }: Pick<Limits, "ratio">,
): void {
  if (bytes <= HARMLESS_BYTES || bytes <= ratio * compressed) return;
  throw new Failure("LIMIT_EXCEEDED", `decompresses to more than ${ratio} times its size`);
}
