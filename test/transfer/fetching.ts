import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { expect } from "vitest";
import { createStorages } from "../../src/storage/index.ts";
import { download, type DownloadOptions } from "../../src/transfer/download.ts";
import { type Served, startServer } from "../helpers/faulty-server.ts";

export const BYTES = 3_000_000;
export const body = randomBytes(BYTES);
/** Another version of it. */
export const other = randomBytes(BYTES);
export const etag = '"v1"';
export const good: Served = { body, etag };
export const storages = createStorages();
export const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** SHA-256 of a file of any size. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** A directory, and the file in it that is fetched. */
export interface Place extends AsyncDisposable {
  readonly directory: string;
  readonly target: string;
}

/** Makes one. */
export async function place(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "sampler-transfer-"));
  return {
    directory,
    target: join(directory, "orders.csv"),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

/** Options of a download that waits no longer between two tries than its server asks for. */
export function options(target: string, more: Partial<DownloadOptions> = {}): DownloadOptions {
  const { signal } = new AbortController();
  const limits = { retries: 3, stallMs: 20_000, signal, random: () => -1 };
  return {
    storages,
    part: `${target}.part`,
    target: () => target,
    mode: 0o640,
    ...limits,
    ...more,
  };
}

/** Fetches what is served; the file is there only if that succeeds. */
export async function fetched(served: Served, more: Partial<DownloadOptions> = {}) {
  await using server = await startServer(served);
  await using where = await place();
  const { target, directory } = where;
  try {
    const done = await download(server.url, options(target, more));
    return {
      done,
      bytes: await readFile(target),
      seen: server.seen,
      left: await readdir(directory),
    };
  } catch (error) {
    const left = await readdir(directory);
    expect(left).not.toContain("orders.csv");
    return { error: error as Error & { code: string }, seen: server.seen, left };
  }
}
