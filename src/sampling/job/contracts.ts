import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import type { LoadedContract } from "../../checks/contract/contract-check.ts";
import { errorMessage, Failure } from "../../errors.ts";
import { systemMessage } from "../../lake/errors.ts";
import type { HeldDataset } from "../../lake/lake.ts";
import { openBronze } from "../../lake/local-file.ts";
import { collect } from "../../lib/collect.ts";
import { HEAD_BYTES } from "../../lib/source.ts";

/** Bytes of a contract, at most. */
const MOST_BYTES = 16 * 1024 ** 2;
/** Digits of a contract's hash that tell it from others. */
const HASH_DIGITS = 6;

/** Gives contracts, each read again when its file changed. */
export interface Contracts {
  /**
   * The contract that a dataset's settings name: a file below the dataset, else beside the
   * configuration. Where it cannot be read, the reason; it is never thrown.
   */
  of(dataset: HeldDataset, file: string): Promise<LoadedContract>;
}

interface Known {
  readonly version: string;
  readonly loaded: Promise<LoadedContract>;
}

/**
 * Creates it; `config` is the path of the configuration, where there is one. Files are looked at once
 * in a turn of the event loop: a look takes as long as a part of a small file.
 */
export function createContracts(config: string | undefined): Contracts {
  const known = new Map<string, Known>();
  const looked = new Map<string, Promise<LoadedContract>>();
  return {
    of(dataset, file) {
      const key = `${dataset.directory.path}\n${file}`;
      const found = looked.get(key) ?? look(dataset, file);
      if (looked.size === 0) setImmediate(() => looked.clear());
      looked.set(key, found);
      return found;
    },
  };

  function look(dataset: HeldDataset, file: string): Promise<LoadedContract> {
    const places = placesOf(dataset, file, config);
    for (const { path, read } of places) {
      const version = versionOf(path);
      if (version === undefined) continue;
      const last = known.get(path);
      if (last?.version === version) return last.loaded;
      const loaded = load(path, read);
      known.set(path, { version, loaded });
      return loaded;
    }
    const paths = places.map(({ path }) => path);
    return Promise.resolve({
      label: paths[0] ?? file,
      reason: `there is no ${paths.join(" nor ")}`,
    });
  }
}

/** A place where a contract may be, and how it is read there. */
interface Place {
  readonly path: string;
  readonly read: () => Promise<Uint8Array> | Uint8Array;
}

/** Below the dataset, else beside the configuration; a path that is absolute is neither. */
function placesOf(
  dataset: HeldDataset,
  file: string,
  config: string | undefined,
): readonly Place[] {
  if (isAbsolute(file)) return [{ path: file, read: () => readBeside(file) }];
  const inside = join(dataset.directory.path, file);
  const own = { path: inside, read: () => readIn(dataset, inside) };
  if (config === undefined) return [own];
  const beside = join(dirname(config), file);
  return [own, { path: beside, read: () => readBeside(beside) }];
}

/** The file's mtime and size; undefined where there is none. */
function versionOf(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found && `${found.mtimeMs} ${found.size}`;
  } catch (error) {
    // Reading says what is wrong.
    return errorMessage(error);
  }
}

/** Reads, parses and compiles a contract; what none of these can do becomes its reason. */
export async function load(
  path: string,
  read: () => Promise<Uint8Array> | Uint8Array,
): Promise<LoadedContract> {
  try {
    const bytes = await read();
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, HASH_DIGITS);
    // Most lakes have no contract, and a thread should not take memory for what it does not do.
    const [{ parseContract }, { readContract }, { compileContract }] = await Promise.all([
      import("../../config/contract-document.ts"),
      import("../../checks/contract/read.ts"),
      import("../../checks/contract/plan.ts"),
    ]);
    const contract = readContract(parseContract(bytes));
    return { label: `${contract.id}#${hash}`, compiled: await compileContract(contract) };
  } catch (error) {
    const [why = ""] = systemMessage(error).split("\n", 1);
    return { label: path, reason: why };
  }
}

/** Reads a file of the dataset as bronze is read: links lead nowhere else. */
async function readIn({ directory, real, roots }: HeldDataset, path: string): Promise<Uint8Array> {
  const file = openBronze(directory, path, {
    roots: [real, ...roots.all],
    unknownRoot: roots.unknown,
    name: path,
    readBytes: MOST_BYTES,
    signal: new AbortController().signal,
    memory: Buffer.allocUnsafe(HEAD_BYTES),
  });
  try {
    return (await collect(file.stream())).bytes;
  } finally {
    file.close();
  }
}

/** Reads a file that a person named. @throws Failure CONFIG_INVALID where it is too large */
export function readBeside(path: string): Uint8Array {
  const { size } = statSync(path);
  if (size > MOST_BYTES)
    throw new Failure("CONFIG_INVALID", `${path} has more than ${MOST_BYTES} bytes`);
  return readFileSync(path);
}
