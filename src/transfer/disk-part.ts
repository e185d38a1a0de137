import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { writing } from "../lake/errors.ts";
import { checkFree, createJournal, isOf, type Journal, journalLeft, trusted } from "./journal.ts";
import { createNotes } from "./notes.ts";
import { createOrderedHash } from "./ordered-hash.ts";
import { bytesIn, prefixOf, type Ranges, within, withRange } from "./ranges.ts";
import { PART_MODE, type PartialFile, type PartOptions, wholeSecond } from "./partial.ts";
import { syncDirectory } from "./sync-directory.ts";
import { createWriter } from "./write-behind.ts";

const { O_RDWR, O_CREAT, O_NOFOLLOW, O_TRUNC } = constants;

/**
 * Opens it, with its journal beside it, `<part>.json`, and with what an earlier process has got of the
 * same location: what is there is hashed again, since a hash cannot be kept.
 * @throws Failure ALREADY_RUNNING where another process is at it; OUTPUT_FULL or OUTPUT_UNWRITABLE
 */
export async function openDiskPart(
  part: string,
  { of, mode, syncsName }: PartOptions,
): Promise<PartialFile> {
  const left = await journalLeft(part);
  await checkFree(left, part);
  const isKnown = left !== undefined && isOf(left, of) && left.version !== undefined;
  // Before the file: who is second must not empty it.
  const journal = await writing(`${part}.json`, () => createJournal(part, { of, left }));
  const file = await writing(part, () => openPart(part, { isKnown, journal }));
  let version = isKnown ? left.version : undefined;
  let done: Ranges = [];
  let synced: Ranges = [];
  let isSpread = false;
  // What will be offered for the rest is not known yet.
  let hash = createOrderedHash(file, { withMd5: true });
  const notes = createNotes({ note, sync });
  /** True once a byte may be in it. */
  let isBegun = isKnown;
  if (isKnown) await writing(part, takeUp);

  return {
    done: () => done,
    bytes: () => bytesIn(done),
    version: () => version,
    async begin(next, { sha256, md5 }) {
      await hash.stop();
      await notes.settled();
      if (isBegun) await writing(part, () => file.truncate(0));
      isBegun = false;
      [done, synced, isSpread, version] = [[], [], false, next];
      hash = createOrderedHash(file, { withMd5: sha256 === undefined && md5 !== undefined });
      await writing(part, note);
    },
    expect: async () => {},
    async spread() {
      isSpread = true;
      synced = [];
      await writing(part, note);
    },
    writerAt: (start) => createWriter(write, start),
    digests: () => writing(part, () => hash.end(prefixOf(done))),
    async commit(target) {
      await notes.settled();
      await writing(target, async () => {
        await journal.checkOwned();
        await file.chmod(mode);
        const s = wholeSecond();
        await file.utimes(s, s);
        await file.sync();
        await file.close();
        await rename(part, target);
        await journal.remove();
        if (syncsName) await syncDirectory(dirname(target));
      });
    },
    async discard() {
      await letGo();
      await rm(part, { force: true });
      await journal.remove();
    },
    async close() {
      await letGo();
      await journal.close();
    },
  };

  /** Goes on with what is there. */
  async function takeUp(): Promise<void> {
    const { size } = await file.stat();
    const ranges = left === undefined ? undefined : trusted(left);
    isSpread = ranges !== undefined;
    done = within(ranges ?? [{ start: 0, end: size }], size);
    synced = within(left?.synced ?? [], size);
    await note();
    hash.follow(prefixOf(done));
  }

  async function write(bytes: Uint8Array, at: number): Promise<void> {
    isBegun = true;
    const written = writing(part, () => writeAt(file, bytes, at));
    // While another thread writes.
    hash.see(bytes, at);
    await written;
    await writing(`${part}.json`, () => Promise.resolve(notes.check()));
    done = withRange(done, { start: at, end: at + bytes.length });
    hash.follow(prefixOf(done));
    if (isSpread) notes.soon();
  }

  function note(): Promise<void> {
    return journal.note({ version, ...(isSpread ? { done, synced } : {}) });
  }

  async function sync(): Promise<void> {
    const now = done;
    await file.datasync();
    synced = now;
  }

  async function letGo(): Promise<void> {
    await hash.stop();
    await notes.settled();
    await file.close();
  }
}

async function openPart(
  part: string,
  { isKnown, journal }: { readonly isKnown: boolean; readonly journal: Journal },
): Promise<FileHandle> {
  try {
    const flags = O_RDWR | O_CREAT | O_NOFOLLOW | (isKnown ? 0 : O_TRUNC);
    return await open(part, flags, PART_MODE);
  } catch (error) {
    await journal.remove();
    throw error;
  }
}

async function writeAt(file: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, at + done);
    done += bytesWritten;
  }
}
