import { constants, createReadStream } from "node:fs";
import { randomUUID } from "node:crypto";
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode, Failure } from "../errors.ts";
import { bootIdOf } from "../system/boot-id.ts";
import { isRunning } from "../system/is-running.ts";
import { outputFailure } from "../lake/errors.ts";
import type { Digests } from "../storage/types.ts";
import { type Folding, type Found, folding } from "./digest.ts";

/** A file while it is transferred, with its journal beside it: `<part>.json`. */
export interface PartialFile {
  /** Bytes that are there. */
  offset(): number;
  /** The version of the object that they are of; undefined before the first byte, and where none is known. */
  version(): string | undefined;
  /**
   * Begins again from 0, with an object of this version, of which its source offers these hashes.
   * @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE
   */
  begin(version: string | undefined, offered: Digests): Promise<void>;
  /** @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE */
  append(chunk: Uint8Array): Promise<void>;
  /** Hashes of what is there; nothing is appended afterwards, but after `begin`. */
  digests(): Found;
  /**
   * Brings it to disk and gives it its name.
   * @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE; ALREADY_RUNNING where another process took it over
   */
  commit(target: string): Promise<void>;
  /** Removes it. */
  discard(): Promise<void>;
  /** Lets it go; another process can go on with it. */
  close(): Promise<void>;
}

/** The state that a process leaves for the next one; by it others see that the process is at work. */
interface Journal {
  /** The location, as it may be shown. */
  readonly of: string;
  readonly version?: string | undefined;
  /** Undefined where it was handed on. */
  readonly owner?: {
    readonly pid: number;
    readonly boot: string | undefined;
    readonly token: string;
  };
}

/** Of a file that is not whole: nobody else reads it. */
const PART_MODE = 0o600;
/** On another machine a process is taken for dead when it has written nothing for so long, ms. */
const SILENT_MS = 60_000;
const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;

/**
 * Opens it, with what an earlier process has got of the same location: what is there is hashed again,
 * since a hash cannot be kept.
 * @throws Failure ALREADY_RUNNING where another process is at it; OUTPUT_FULL or OUTPUT_UNWRITABLE
 */
export async function openPartial(
  part: string,
  { of, mode }: { readonly of: string; readonly mode: number },
): Promise<PartialFile> {
  const journal = `${part}.json`;
  const left = await journalLeft(journal);
  await checkFree(left, part);
  const file = await writing(part, () => open(part, O_RDWR | O_CREAT | O_NOFOLLOW, PART_MODE));
  const owner = { pid: process.pid, boot: bootIdOf(), token: randomUUID() };
  let version = left?.of === of ? left.version : undefined;
  const note = () =>
    writeFile(journal, JSON.stringify({ of, version, owner } satisfies Journal), { mode: 0o600 });
  await writing(journal, note);
  // What will be offered for the rest is not known yet.
  let folded = folding({ withMd5: true });
  let offset = 0;
  if (version === undefined) await writing(part, () => file.truncate(0));
  else offset = await foldAll(part, folded);

  return {
    offset: () => offset,
    version: () => version,
    digests: () => folded.end(),
    async begin(next, { sha256, md5 }) {
      await writing(part, async () => {
        await file.truncate(0);
        version = next;
        await note();
      });
      offset = 0;
      folded = folding({ withMd5: sha256 === undefined && md5 !== undefined });
    },
    async append(chunk) {
      await writing(part, () => writeWhole(file, chunk, offset));
      offset += chunk.length;
      folded.add(chunk);
    },
    async commit(target) {
      await writing(target, async () => {
        const now = await journalLeft(journal);
        if (now?.owner?.token !== owner.token) throw taken(part, now);
        await file.chmod(mode);
        await file.sync();
        await file.close();
        await rename(part, target);
        await rm(journal, { force: true });
        await syncDirectory(dirname(target));
      });
    },
    async discard() {
      await file.close();
      await rm(part, { force: true });
      await rm(journal, { force: true });
    },
    close: () => file.close(),
  };
}

/** Sees that nobody else is at it. @throws Failure ALREADY_RUNNING */
async function checkFree(left: Journal | undefined, part: string): Promise<void> {
  const { pid, boot } = left?.owner ?? {};
  if (pid === undefined || pid === process.pid) return;
  const found = await stat(part).catch(() => undefined);
  const isSilent = Date.now() - (found?.mtimeMs ?? 0) > SILENT_MS;
  const isAlive = boot === bootIdOf() ? isRunning(pid) : !isSilent;
  if (isAlive) throw taken(part, left);
}

function taken(part: string, by: Journal | undefined): Failure {
  const who = by?.owner === undefined ? "another process" : `process ${by.owner.pid}`;
  return new Failure("ALREADY_RUNNING", `${part} is being written by ${who}`);
}

async function journalLeft(journal: string): Promise<Journal | undefined> {
  try {
    return JSON.parse(await readFile(journal, "utf8")) as Journal;
  } catch (error) {
    // Half a journal is none: what was got is fetched again.
    if (error instanceof SyntaxError || errorCode(error) === "ENOENT") return undefined;
    throw outputFailure(error, journal);
  }
}

/** Returns how many bytes there are. */
async function foldAll(path: string, folded: Folding): Promise<number> {
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    folded.add(chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
  }
  return bytes;
}

async function writeWhole(file: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, at + done);
    done += bytesWritten;
  }
}

/** The name is on stable storage only with its directory. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Failure ? error : outputFailure(error, path);
  }
}
