import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { systemCalls } from "../../src/system/system-calls.ts";

type Call = (...args: never[]) => unknown;

/** Node's calls by which the program looks at a lake or changes it. */
const sync = [
  "accessSync",
  "closeSync",
  "fstatSync",
  "lstatSync",
  "mkdirSync",
  "openSync",
  "opendirSync",
  "readSync",
  "readlinkSync",
  "renameSync",
  "statSync",
  "unlinkSync",
  "writeSync",
] as const;
const async = ["lstat", "open", "opendir", "readdir", "stat"] as const;

/**
 * Runs some work and calls `onStep` before each of its calls to the file system, with the number of
 * the call, from 0. Returns how many there were. The calls themselves are made as they are.
 */
export async function atEachStep(
  work: () => Promise<unknown>,
  onStep: (step: number) => void,
): Promise<number> {
  let steps = 0;
  let isInStep = false;
  const watched = (call: Call) =>
    ((...args: never[]) => {
      if (!isInStep) {
        isInStep = true;
        onStep(steps);
        steps += 1;
        isInStep = false;
      }
      return call(...args);
    }) as never;
  const undo = [
    replace(fs, sync, watched),
    replace(fs.promises, async, watched),
    replace(systemCalls(), ["open", "rename"], watched),
  ];
  syncBuiltinESMExports();
  try {
    await work();
    return steps;
  } finally {
    for (const restore of undo) restore();
    syncBuiltinESMExports();
  }
}

function replace(object: object, names: readonly string[], by: (call: Call) => never): () => void {
  const calls = object as Record<string, Call>;
  const before = names.map((name) => [name, calls[name] as Call] as const);
  for (const [name, call] of before) calls[name] = by(call.bind(object));
  return () => {
    for (const [name, call] of before) calls[name] = call;
  };
}
