/**
 * The environment of a process of ours: without variables that could choose another lake, and with
 * what was compiled before, so that it starts in half the time.
 */
export const surroundings: Readonly<Record<string, string>> = {
  PATH: process.env["PATH"] ?? "",
  NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
  NODE_NO_WARNINGS: "1",
};
