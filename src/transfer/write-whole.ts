import { randomBytes } from "node:crypto";
import {
  close,
  closeSync,
  fchmod,
  fchmodSync,
  fsync,
  futimes,
  futimesSync,
  open,
  openSync,
  rename,
  renameSync,
  rm,
  rmSync,
  write,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { isRemote } from "../lake/remote.ts";
import { PART_MODE, wholeSecond } from "./partial.ts";
import { syncDirectory } from "./sync-directory.ts";

/** Options of `writeWhole`. */
export interface WholeOptions {
  /** The beginning of its name while it is written, absolute. */
  readonly part: string;
  /** Its name, absolute, on the same file system. */
  readonly target: string;
  readonly mode: number;
  /** True: its name, too, is on stable storage then. */
  readonly syncsName: boolean;
}

/** Calls that take microseconds on a disk of this machine, where a thread's help takes longer. */
const here = {
  open: openSync,
  write: writeSync,
  chmod: fchmodSync,
  utimes: futimesSync,
  close: closeSync,
  rename: renameSync,
  remove: rmSync,
};
/** The same in threads: a file server takes its time. */
const elsewhere = {
  open: promisify(open),
  write: async (file: number, bytes: Buffer) => (await written(file, bytes)).bytesWritten,
  chmod: promisify(fchmod),
  utimes: promisify(futimes),
  close: promisify(close),
  rename: promisify(rename),
  remove: promisify(rm),
};
const written = promisify(write);
const sync = promisify(fsync);

/**
 * Writes a file whose bytes are all there: on stable storage first, then under its name. Each who
 * writes it has a file of its own until then. @throws errno
 */
export async function writeWhole(
  bytes: Buffer,
  { part, target, mode, syncsName }: WholeOptions,
): Promise<void> {
  const calls = isRemote(dirname(part)) ? elsewhere : here;
  const own = `${part}.${randomBytes(4).toString("hex")}`;
  const file = await calls.open(own, "wx", PART_MODE);
  try {
    try {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await calls.write(file, rest));
      await calls.chmod(file, mode);
      const s = wholeSecond();
      await calls.utimes(file, s, s);
      await sync(file);
    } finally {
      await calls.close(file);
    }
    await calls.rename(own, target);
  } catch (error) {
    await calls.remove(own, { force: true });
    throw error;
  }
  if (syncsName) await syncDirectory(dirname(target));
}
