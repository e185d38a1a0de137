import { readFileSync } from "node:fs";
import { pathText } from "../lib/pep383.ts";

/**
 * The arguments that this process was given, with every byte. Where they are not UTF-8, Node has
 * U+FFFD, which is the name of another file. The kernel knows the bytes; these become lone
 * surrogates, as raws have them (PEP 383).
 */
export function wholeArguments(argv: readonly string[]): readonly string[] {
  if (!argv.some((argument) => argument.includes("\ufffd"))) return argv;
  const bytes = readFileSync("/proc/self/cmdline");
  const all: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    all.push(pathText(bytes.subarray(at, end)));
    at = end + 1;
  }
  return all.slice(-argv.length);
}
