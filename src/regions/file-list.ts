import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { z } from "zod";
import { Failure } from "../errors.ts";
import { compressions, objectName } from "./compression.ts";
import type { SentFile } from "./send-file.ts";
import type { Sent } from "./sending.ts";

/** Leads nowhere else than below a directory. */
const path = z
  .string()
  .refine((text) => text.split("/").every((part) => !/^\.{0,2}$|\p{Cc}/u.test(part)));

const bytes = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const lineSchema = z
  .object({
    path,
    bytes,
    sha256,
    etag: z.string(),
    part_bytes: z.int().nonnegative(),
    compression: z.enum(compressions).optional(),
    stored: z.object({ bytes, sha256 }).optional(),
  })
  .refine(({ compression, stored }) => (compression === undefined) === (stored === undefined));

/** A file of a staging, as a line of `_files.jsonl` has it; the path is below the staging's id. */
export interface ListedFile extends SentFile {
  readonly path: string;
}

/** The object that has a file in it; the path is below the staging's id, all else is of its own bytes. */
export interface ListedObject extends Sent {
  readonly path: string;
}

/** The object of a file. */
export function objectOf(file: ListedFile): ListedObject {
  const { path, compression, etag, part_bytes, stored = file } = file;
  const { bytes, sha256 } = stored;
  return { path: objectName(path, compression), bytes, sha256, etag, part_bytes };
}

/** A list that is being written. */
export interface ListWriter {
  add(file: ListedFile): void;
  /** Writes what is left. @throws what the disk says */
  end(): Promise<void>;
}

/** Lines that are held before they are written. */
const HELD = 1000;

/** Does work with a path in a directory of its own, which is removed. @throws what the work throws */
export async function withListPath<T>(work: (path: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "staging-sampler-"));
  try {
    return await work(join(directory, "files.jsonl"));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Begins a list. @throws what the disk says */
export async function createList(path: string): Promise<ListWriter> {
  const file = await open(path, "wx", 0o600);
  let held: string[] = [];
  let written: Promise<void> = Promise.resolve();
  const flush = () => {
    const text = held.join("");
    held = [];
    written = written.then(() => file.appendFile(text));
    // It is thrown by `end`.
    written.catch(() => undefined);
  };
  return {
    add({ path: name, bytes, sha256, etag, part_bytes, compression, stored }) {
      const file = { path: name, bytes, sha256, etag, part_bytes, compression, stored };
      held.push(`${JSON.stringify(file)}\n`);
      if (held.length >= HELD) flush();
    },
    async end() {
      flush();
      try {
        await written;
      } finally {
        await file.close();
      }
    },
  };
}

/** Reads a list, line by line; its paths lead nowhere else. @throws Failure FORMAT_INVALID */
export async function* readList(path: string): AsyncGenerator<ListedFile, void, void> {
  let n = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    n += 1;
    yield parseLine(line, n);
  }
}

function parseLine(line: string, n: number): ListedFile {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch (error) {
    throw new Failure("FORMAT_INVALID", `_files.jsonl, line ${n}: it is no file of a staging`, {
      cause: error,
    });
  }
}
