import { createRequire } from "node:module";
import type koffi from "koffi";

const require = createRequire(import.meta.url);

/** A file in memory: its pages are the system's page cache, shared by all processes. */
export interface MappedFile {
  /** The whole file, without a copy. Not used after `unmap`: that would end the process. */
  readonly bytes: Uint8Array;
  unmap(): void;
}

interface Calls {
  readonly map: (fd: number, bytes: number) => unknown;
  readonly unmap: (pointer: unknown, bytes: number) => void;
  readonly view: (pointer: unknown, bytes: number) => ArrayBuffer;
}

const PROT_READ = 1;
const MAP_SHARED = 1;

let calls: Calls | undefined | null = null;

/**
 * Maps a file to be read, mmap(2); undefined where that cannot be done here. Only for files that
 * never shrink: a read beyond the end of one that did ends the process.
 */
export function mapFile(fd: number, bytes: number): MappedFile | undefined {
  if (calls === null) calls = found();
  const pointer = calls?.map(fd, bytes);
  if (calls === undefined || pointer === undefined) return undefined;
  const { view, unmap } = calls;
  return {
    bytes: new Uint8Array(view(pointer, bytes)),
    unmap: () => unmap(pointer, bytes),
  };
}

function found(): Calls | undefined {
  try {
    const { address, load, view } = require("koffi") as typeof koffi;
    const libc = load(null);
    const mmap = libc.func("void *mmap(void *, size_t, int, int, int, int64_t)");
    const munmap = libc.func("int munmap(void *, size_t)");
    // mmap says that it failed by the highest address there is.
    const failed = 2n ** BigInt(8 * 8) - 1n;
    return {
      map(fd, bytes) {
        const pointer: unknown = mmap(null, bytes, PROT_READ, MAP_SHARED, fd, 0);
        return address(pointer) === failed ? undefined : pointer;
      },
      unmap: (pointer, bytes) => void munmap(pointer, bytes),
      view: (pointer, bytes) => view(pointer, bytes),
    };
  } catch {
    return undefined;
  }
}
