import {
  appendFileSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";

const packs = {
  gz: { pack: (bytes: Buffer) => gzipSync(bytes, { level: 1 }), unpack: gunzipSync },
  zst: { pack: (bytes: Buffer) => zstdCompressSync(bytes), unpack: zstdDecompressSync },
} as const;

/** Ways to compress a rotated manifest: the extension of its name. */
export type Packing = keyof typeof packs;

/** All of them. */
export const packings = Object.keys(packs) as Packing[];

/** True for the name of a compressed file. */
export function isPacked(name: string): boolean {
  return packings.some((packing) => name.endsWith(`.${packing}`));
}

/** The content of a compressed file. */
function unpacked(name: string, bytes: Buffer): Buffer {
  return packs[name.slice(name.lastIndexOf(".") + 1) as Packing].unpack(bytes);
}

/** Actions of producers and rotators on a manifests directory. Names are names in it. */
export interface Disk {
  /** Makes the file where it is missing. */
  append(name: string, bytes: Uint8Array): void;
  /** Truncates a file to this many bytes. */
  cut(name: string, size: number): void;
  rename(from: string, to: string): void;
  copy(from: string, to: string): void;
  remove(name: string): void;
  /** Writes the first half of `name.gz`, or of another packing, beside `name`. */
  beginCompression(name: string, packing: Packing): void;
  /** Puts `name.gz` in the place of `name`. */
  compress(name: string, packing: Packing): void;
}

/** The content of one file of a directory that is only imagined. */
export interface Content {
  /** As they were before they were compressed. */
  readonly bytes: Buffer;
  /** Bytes that were there when the file stopped being the active one; what follows came late. */
  readonly lateFrom: number;
  /** Time at which it stopped being the active one, ms since epoch. */
  readonly rotatedAt: number;
}

/** A directory that is only imagined: what the real one has to hold as well. */
export interface Imagined extends Disk {
  readonly files: ReadonlyMap<string, Content>;
  /** Bytes of a file; none where it is missing. */
  read(name: string): Buffer;
}

/** The name of the manifest that is written to. */
export const ACTIVE = "processed.jsonl";

const NOTHING = Buffer.alloc(0);

/** Makes an empty one; `clock` is ms since epoch. */
export function imaginedDisk(clock: () => number): Imagined {
  const files = new Map<string, Content>();
  const read = (name: string) => files.get(name)?.bytes ?? NOTHING;
  const fresh = (bytes: Buffer): Content => ({ bytes, lateFrom: Infinity, rotatedAt: Infinity });
  const rotated = (content: Content): Content => ({
    bytes: content.bytes,
    lateFrom: Math.min(content.lateFrom, content.bytes.length),
    rotatedAt: Math.min(content.rotatedAt, clock()),
  });

  function change(name: string, bytes: Buffer): void {
    files.set(name, { ...(files.get(name) ?? fresh(bytes)), bytes });
  }

  function take(name: string): Content {
    const content = files.get(name);
    if (content === undefined) throw new Error(`no such file: ${name}`);
    files.delete(name);
    return content;
  }

  return {
    files,
    read,
    append: (name, bytes) => change(name, Buffer.concat([read(name), bytes])),
    cut: (name, size) => change(name, read(name).subarray(0, size)),
    rename: (from, to) => void files.set(to, rotated(take(from))),
    copy: (from, to) => void files.set(to, rotated(fresh(read(from)))),
    remove: (name) => void take(name),
    // The plain file has all until the end.
    beginCompression: () => undefined,
    compress: (name, packing) => void files.set(`${name}.${packing}`, take(name)),
  };
}

/** The same on a real directory. @throws errno */
export function realDisk(directory: string): Disk {
  const path = (name: string) => join(directory, name);
  return {
    append: (name, bytes) => appendFileSync(path(name), bytes),
    cut: (name, size) => truncateSync(path(name), size),
    rename: (from, to) => renameSync(path(from), path(to)),
    copy: (from, to) => copyFileSync(path(from), path(to)),
    remove: (name) => rmSync(path(name)),
    beginCompression(name, packing) {
      const packed = packs[packing].pack(readFileSync(path(name)));
      writeFileSync(path(`${name}.${packing}`), packed.subarray(0, packed.length / 2));
    },
    compress(name, packing) {
      writeFileSync(path(`${name}.${packing}`), packs[packing].pack(readFileSync(path(name))));
      rmSync(path(name));
    },
  };
}

/** Both at once, so that they stay the same. */
export function bothDisks(imagined: Imagined, real: Disk): Disk {
  const each = <A extends unknown[]>(verb: (disk: Disk) => (...args: A) => void) => {
    return (...args: A): void => {
      verb(real)(...args);
      verb(imagined)(...args);
    };
  };
  return {
    append: each((disk) => disk.append),
    cut: each((disk) => disk.cut),
    rename: each((disk) => disk.rename),
    copy: each((disk) => disk.copy),
    remove: each((disk) => disk.remove),
    beginCompression: each((disk) => disk.beginCompression),
    compress: each((disk) => disk.compress),
  };
}

/** Compares the two. @throws Error where they are not the same; errno */
export function expectSame(imagined: Imagined, directory: string): void {
  const names = readdirSync(directory);
  const differ = names.filter((name) => {
    const bytes = readFileSync(join(directory, name));
    const plain = isPacked(name) ? unpacked(name, bytes) : bytes;
    return !plain.equals(imagined.read(name));
  });
  if (differ.length > 0 || names.length !== imagined.files.size) {
    throw new Error(`the imagined disk is not the real one: ${names.join(", ")}`);
  }
}

/** Inode of a file in a directory. @throws errno */
export function inodeOf(directory: string, name: string): number {
  return statSync(join(directory, name)).ino;
}
