import {
  type BigIntStats,
  close,
  constants,
  fstatSync,
  open as openFile,
  read as readFile,
} from "node:fs";
import { promisify } from "node:util";
import { errorMessage, Failure } from "../errors.ts";

/** A file that is read once, from its start to its end. */
export interface OpenSource {
  /** Bytes. */
  readonly size: number;
  /**
   * Fills a buffer with the bytes that come next, and gives how many these are: fewer than there is
   * room for at the end alone. @throws Failure FILE_CHANGED, FILE_UNREADABLE
   */
  fill(buffer: Buffer): Promise<number>;
  /** @throws Failure FILE_CHANGED where it is not as it was when it was opened */
  checkUnchanged(): void;
  close(): Promise<void>;
}

const open = promisify(openFile);
const read = promisify(readFile);
const closed = promisify(close);

/**
 * Opens one. Facts of an open file wait for nothing, so that they are asked for here: handing that to
 * another thread takes longer than small files themselves.
 * @throws Failure FILE_CHANGED, FILE_UNREADABLE
 */
export async function openSource(path: string): Promise<OpenSource> {
  const unreadable = (error: unknown): never => {
    throw new Failure("FILE_UNREADABLE", `${path}: ${errorMessage(error)}`, { cause: error });
  };
  const fd = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(unreadable);
  const before = fstatSync(fd, { bigint: true });
  const size = Number(before.size);
  let at = 0;
  if (!before.isFile()) {
    await closed(fd);
    throw changed(path);
  }
  return {
    size,
    async fill(buffer) {
      const wanted = Math.min(buffer.length, size - at);
      for (let done = 0; done < wanted;) {
        const { bytesRead } = await read(fd, buffer, done, wanted - done, at).catch(unreadable);
        if (bytesRead === 0) throw changed(path);
        done += bytesRead;
        at += bytesRead;
      }
      return wanted;
    },
    checkUnchanged() {
      if (versionOf(fstatSync(fd, { bigint: true })) !== versionOf(before)) throw changed(path);
    },
    close: () => closed(fd),
  };
}

function versionOf({ size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${size} ${mtimeNs} ${ctimeNs}`;
}

function changed(path: string): Failure {
  return new Failure("FILE_CHANGED", `${path} changed while it was read`);
}
