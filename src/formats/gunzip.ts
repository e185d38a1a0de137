import { constants, createGunzip, gunzipSync } from "node:zlib";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { through } from "../lib/through.ts";
import type { Limits, Source } from "../types.ts";

/** Below this many decompressed bytes no ratio is a bomb. */
const HARMLESS_BYTES = 8 * 1024 * 1024;
/** Input that is kept to find out what came before damage. */
const KEPT_BYTES = 256 * 1024;

/**
 * Yields what a gzip holds, all its members (RFC 1952); what arrives before damage is kept and
 * warned of.
 * @throws Failure FORMAT_INVALID when nothing arrives, LIMIT_EXCEEDED for a bomb.
 */
export async function* gunzip(
  source: Source,
  limits: Limits,
  warnings: string[],
): AsyncGenerator<Uint8Array, void, void> {
  const transform = createGunzip();
  const kept: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of through(keepFirst(source.stream(), kept), transform)) {
      bytes += chunk.length;
      checkRatio(bytes, transform.bytesWritten, limits);
      yield chunk;
    }
    const rest = (source.size ?? 0) - transform.bytesWritten;
    if (rest > 0) warnings.push(`${rest} bytes after the end of the gzip data were left out`);
  } catch (error) {
    if (errorCode(error)?.startsWith("Z_") !== true) throw error;
    const damage = `damaged or truncated gzip: ${errorMessage(error)}`;
    const more = salvage(Buffer.concat(kept)).subarray(bytes);
    if (bytes + more.length === 0) throw new Failure("FORMAT_INVALID", damage, { cause: error });
    warnings.push(`${damage}; what came before is kept`);
    yield more;
  }
}

async function* keepFirst(
  chunks: AsyncIterable<Uint8Array>,
  kept: Uint8Array[],
): AsyncGenerator<Uint8Array, void, void> {
  let room = KEPT_BYTES;
  for await (const chunk of chunks) {
    if (room > 0) kept.push(chunk.subarray(0, room));
    room -= chunk.length;
    yield chunk;
  }
}

/** Zlib drops what it has when it fails; so the longest input is looked for that does not fail. */
function salvage(input: Uint8Array): Uint8Array {
  let good: Uint8Array = new Uint8Array();
  let low = 0;
  let high = input.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const output = gunzipStart(input.subarray(0, middle));
    if (output === undefined) high = middle - 1;
    else {
      good = output;
      low = middle;
    }
  }
  return good;
}

/** What the first bytes of a gzip hold, or undefined where they are damaged or hold too much. */
export function gunzipStart(input: Uint8Array): Uint8Array | undefined {
  try {
    const finishFlush = constants.Z_SYNC_FLUSH;
    return gunzipSync(input, { finishFlush, maxOutputLength: HARMLESS_BYTES });
  } catch {
    return undefined;
  }
}

function checkRatio(bytes: number, compressed: number, { ratio }: Limits): void {
  if (bytes <= HARMLESS_BYTES || bytes <= ratio * compressed) return;
  throw new Failure("LIMIT_EXCEEDED", `decompresses to more than ${ratio} times its size`);
}
