import { hash } from "node:crypto";
import { writing } from "../lake/errors.ts";
import type { Digests } from "../storage/types.ts";
import type { Found } from "./digest.ts";
import { openDiskPart } from "./disk-part.ts";
import type { PartialFile, PartOptions } from "./partial.ts";
import { bytesIn, prefixOf, type Ranges, withRange } from "./ranges.ts";
import type { Writer } from "./write-behind.ts";
import { writeWhole } from "./write-whole.ts";

/** A file of at most this size is fetched again rather than gone on with by another process, bytes. */
export const SMALL_BYTES = 1024 * 1024;

/**
 * Makes a partial file without a journal, in memory: for one of whose size nothing is known yet, and
 * for a small one until it is whole. It is on disk from when it turns out to be larger, and where it is
 * let go unfinished.
 */
export function createMemoryPart(part: string, options: PartOptions): PartialFile {
  let disk: PartialFile | undefined;
  let memory: Buffer = Buffer.alloc(0);
  let version: string | undefined;
  let offered: Digests = {};
  let done: Ranges = [];

  return {
    done: () => disk?.done() ?? done,
    bytes: () => disk?.bytes() ?? bytesIn(done),
    version: () => (disk === undefined ? version : disk.version()),
    async begin(...next) {
      if (disk !== undefined) return disk.begin(...next);
      [version, offered] = next;
      done = [];
    },
    async expect(size) {
      if (disk !== undefined) return;
      if (size === undefined || size > SMALL_BYTES) await moveToDisk();
      else if (size !== memory.length) memory = resized(size);
    },
    async spread() {
      await disk?.spread();
    },
    writerAt: (start) => disk?.writerAt(start) ?? writerAt(start),
    digests: async () => (await disk?.digests()) ?? found(),
    async commit(target) {
      if (disk !== undefined) return disk.commit(target);
      const bytes = whole();
      // Whoever cannot write it has no use for it unfinished.
      done = [];
      await writing(target, () => writeWhole(bytes, { part, target, ...options }));
    },
    async discard() {
      await disk?.discard();
    },
    async close() {
      // What cannot be kept is fetched again; the reason to let go is what is told.
      if (disk === undefined && whole().length > 0) await moveToDisk().catch(() => undefined);
      await disk?.close();
    },
  };

  function whole(): Buffer {
    return memory.subarray(0, prefixOf(done));
  }

  function resized(size: number): Buffer {
    const other = Buffer.allocUnsafeSlow(size);
    other.set(whole().subarray(0, size));
    return other;
  }

  function found(): Found {
    const bytes = whole();
    const { sha256, md5 } = offered;
    const isMd5Asked = sha256 === undefined && md5 !== undefined;
    return {
      sha256: hash("sha256", bytes),
      ...(isMd5Asked ? { md5: hash("md5", bytes) } : {}),
    };
  }

  async function moveToDisk(): Promise<void> {
    const opened = await openDiskPart(part, options);
    try {
      await opened.begin(version, offered);
      const writer = opened.writerAt(0);
      await writer.add(whole());
      await writer.flush();
    } catch (error) {
      await opened.discard();
      throw error;
    }
    disk = opened;
  }

  function writerAt(start: number): Writer {
    let at = start;
    return {
      async add(chunk) {
        memory.set(chunk, at);
        at += chunk.length;
        done = withRange(done, { start, end: at });
      },
      flush: async () => {},
    };
  }
}
