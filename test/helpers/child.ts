/**
 * Time that a test waits for another process, ms. Long enough for a busy machine; vitest ends the
 * test itself a little later.
 */
export const PATIENCE_MS = 300_000;

/**
 * A command, as the arguments of `spawn`, that the kernel ends with the process that starts it: vitest
 * has one for each file of tests, and it may end before a test has tidied up.
 */
export function endingWithUs(program: string, args: readonly string[]): [string, string[]] {
  return ["setpriv", ["--pdeathsig", "KILL", "--", program, ...args]];
}
