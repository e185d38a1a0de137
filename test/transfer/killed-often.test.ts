import { type ChildProcess, spawn } from "node:child_process";
import { randomFillSync, randomInt } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { endingWithUs } from "../helpers/child.ts";
import { headOf, type Served, startServer } from "../helpers/faulty-server.ts";
import { etag, hashOf, place, sha256Of } from "./fetching.ts";

/** Once with 20 kills and 2 GiB (Node hashes no more at once than a byte less): `TRANSFER_KILLS=20 TRANSFER_KILL_MIB=2047`. */
const KILLS = Number(process.env["TRANSFER_KILLS"] ?? 4);
const MIB = 1024 * 1024;
const BYTES = Number(process.env["TRANSFER_KILL_MIB"] ?? 96) * MIB;
const STREAMS = 4;
const PART_BYTES = 4 * MIB;
const MOST_AGAIN = STREAMS * MIB;
const BLOCK_BYTES = 4096;
const CHUNK_BYTES = 256 * 1024;
/** Between two chunks of an answer, ms: slow enough for others to help. */
const PAUSE_MS = 10;

const source = join(import.meta.dirname, "../../src");
const program = `
import { createStorages } from ${JSON.stringify(join(source, "storage/index.ts"))};
import { download } from ${JSON.stringify(join(source, "transfer/download.ts"))};
const [url, target] = process.argv.slice(1);
await download(new URL(url), {
  storages: createStorages(), part: target + ".part", target: () => target, mode: 0o640,
  parts: ${STREAMS}, partBytes: ${PART_BYTES}, retries: 3, stallMs: 30_000,
  signal: new AbortController().signal,
});
`;

function start(url: URL, target: string): ChildProcess {
  const args = ["--input-type=module", "-e", program, url.href, target];
  return spawn(...endingWithUs(process.execPath, args), {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Sends an answer piece by piece. */
function slowly(served: Served, request: IncomingMessage, response: ServerResponse): void {
  const head = headOf(served, request);
  response.writeHead(head?.status ?? 416, head?.headers);
  // Who asked may be gone.
  pipeline(pieces(head?.bytes ?? Buffer.alloc(0)), response).catch(() => undefined);
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    yield bytes.subarray(at, at + CHUNK_BYTES);
    await sleep(PAUSE_MS);
  }
}

/** Leavings of a killed process: bytes that it claims, and those that it wrote and does not claim. */
async function left(target: string, body: Buffer) {
  const journal = JSON.parse(await readFile(`${target}.part.json`, "utf8")) as {
    readonly done?: readonly { readonly start: number; readonly end: number }[];
  };
  const file = await open(`${target}.part`);
  const { size } = await file.stat();
  const done = journal.done ?? [{ start: 0, end: size }];
  let [claimed, unclaimed, at] = [0, 0, 0];
  for (const { start, end } of [...done, { start: size, end: size }]) {
    unclaimed += await rightBytes(file, { start: at, end: start }, body);
    const range = { start, end: Math.min(end, size) };
    // All that is claimed is right.
    expect(await rightBytes(file, range, body)).toBe(range.end - range.start);
    claimed += range.end - range.start;
    at = end;
  }
  await file.close();
  return { claimed, unclaimed, isSpread: journal.done !== undefined };
}

async function rightBytes(
  file: FileHandle,
  range: { readonly start: number; readonly end: number },
  body: Buffer,
): Promise<number> {
  const block = Buffer.alloc(BLOCK_BYTES);
  let right = 0;
  for (let at = range.start; at < range.end;) {
    const wanted = Math.min(BLOCK_BYTES, range.end - at);
    const { bytesRead } = await file.read(block, 0, wanted, at);
    if (bytesRead === 0) break;
    if (block.subarray(0, bytesRead).equals(body.subarray(at, at + bytesRead))) right += bytesRead;
    at += bytesRead;
  }
  return right;
}

test(`a process that is killed ${KILLS} times, whenever, comes to its end, and fetches little again`, async () => {
  const body = Buffer.alloc(BYTES);
  for (let at = 0; at < BYTES; at += 64 * MIB)
    randomFillSync(body, at, Math.min(64 * MIB, BYTES - at));
  const served: Served = { body, etag };
  const answer: Served["answer"] = (_n, request, response) => {
    slowly(served, request, response);
    return true;
  };
  await using server = await startServer({ ...served, answer });
  await using where = await place();
  let most = 0;
  let spread = 0;
  for (let kills = 0; kills < KILLS; kills += 1) {
    const child = start(server.url, where.target);
    const ended = once(child, "exit");
    // The first answer, and some time.
    for (const before = server.seen.length; server.seen.length === before;) await sleep(5);
    await Promise.race([sleep(randomInt(50, 1000)), ended]);
    if (!child.kill("SIGKILL")) break;
    await ended;
    const { unclaimed, isSpread } = await left(where.target, body);
    most = Math.max(most, unclaimed);
    spread += isSpread ? 1 : 0;
    expect(unclaimed).toBeLessThanOrEqual(MOST_AGAIN);
  }
  const last = start(server.url, where.target);
  expect(await once(last, "exit")).toEqual([0, null]);
  expect(await hashOf(where.target)).toBe(sha256Of(body));
  process.stderr.write(
    `${KILLS} kills, ${spread} of them of several streams: ${most} bytes to be fetched again at most\n`,
  );
});
