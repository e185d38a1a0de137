import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errorCode } from "../errors.ts";
import { readRange } from "../lib/read-range.ts";
import { type Receipt, readReceipts, receiptsPath } from "./receipts.ts";

const LF = 0x0a;
const BLOCK_BYTES = 1024 * 1024;
/** Longer receipts are none. */
const MAX_RECEIPT_BYTES = 4 * 1024 * 1024;

/**
 * The last receipt of a sample of a raw; null where there is none, or receipts cannot be read. Looks
 * from the end of the newest file, since that takes no time as a rule; through all of them where
 * there is none in it.
 * @param samples the dataset's samples directory
 */
export async function lastSampled(samples: string, raw: string): Promise<Receipt | null> {
  let last: Receipt | null = null;
  try {
    last = await lastIn(receiptsPath(samples), raw).catch(unreadable);
    if (last !== null) return last;
    for await (const page of readReceipts(samples)) {
      for (const receipt of page) {
        if (!isSampleOf(receipt, raw)) continue;
        if (last === null || timeOf(receipt) >= timeOf(last)) last = receipt;
      }
    }
    return last;
  } catch (error) {
    return last ?? unreadable(error);
  }
}

/** Null for what storage, or what lies there, is to blame for. */
function unreadable(error: unknown): null {
  if (errorCode(error) === undefined) throw error;
  return null;
}

/** The last one in a file, which is looked for block by block from its end. */
async function lastIn(path: string, raw: string): Promise<Receipt | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = await file.stat();
    // All that we write begins so.
    const start = Buffer.from(`{"raw":${JSON.stringify(raw)},`);
    for (let end = stats.isFile() ? stats.size : 0; end > 0; end -= BLOCK_BYTES) {
      const from = Math.max(0, end - BLOCK_BYTES);
      // What begins in this block may go on in the next one.
      const block = await readRange(file, from, end + start.length);
      for (let at = block.lastIndexOf(start); at >= 0; at = before(block, start, at)) {
        const receipt = await receiptAt(file, from + at);
        if (receipt !== undefined && isSampleOf(receipt, raw)) return receipt;
      }
    }
    return null;
  } finally {
    await file.close();
  }
}

function before(block: Buffer, start: Buffer, at: number): number {
  return at === 0 ? -1 : block.lastIndexOf(start, at - 1);
}

async function receiptAt(file: FileHandle, at: number): Promise<Receipt | undefined> {
  for (let bytes = 4096; bytes <= MAX_RECEIPT_BYTES; bytes *= 8) {
    const found = await readRange(file, at, at + bytes);
    const end = found.indexOf(LF);
    if (end >= 0) return parsed(found.subarray(0, end).toString());
  }
  return undefined;
}

function parsed(line: string): Receipt | undefined {
  try {
    return JSON.parse(line) as Receipt;
  } catch {
    return undefined;
  }
}

function isSampleOf(receipt: Receipt, raw: string): boolean {
  return receipt.raw === raw && receipt.outcome === "sampled";
}

function timeOf({ at }: Receipt): number {
  return typeof at === "string" ? Date.parse(at) || 0 : 0;
}
