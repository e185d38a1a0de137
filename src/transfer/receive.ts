import { redacted } from "../storage/location.ts";
import { type Reply, Unavailable } from "../storage/types.ts";
import type { Range } from "./ranges.ts";
import { checkMost, type Transfer } from "./transfer.ts";

/** A range that one stream is at. */
export interface Claim {
  readonly start: number;
  /** The byte that comes next. */
  at: number;
  /** The byte that is another's; it can come nearer while this one is at it. */
  end: number;
  /** The byte before which the source will stop. */
  readonly asked: number;
}

/** Claims a range. */
export function claimOf({ start, end }: Range): Claim {
  return { start, at: start, end, asked: end };
}

/**
 * Writes what a reply brings as far as it is claimed.
 * @throws Unavailable where that is less, or the reply is longer than was said; what the reply and the
 * disk say
 */
export async function receive(
  transfer: Transfer,
  { reply, claim, signal }: { reply: Reply; claim: Claim; signal: AbortSignal },
): Promise<void> {
  const { url, partial, options } = transfer;
  const { size = Infinity } = transfer;
  const writer = partial.writerAt(claim.at);
  try {
    for await (const chunk of reply.chunks) {
      signal.throwIfAborted();
      if (claim.at + chunk.length > size)
        throw new Unavailable(`${redacted(url)}: more was sent than was said`);
      const wanted = chunk.subarray(0, claim.end - claim.at);
      if (size === Infinity) await checkMost(transfer, claim.at + wanted.length);
      claim.at += wanted.length;
      await writer.add(wanted);
      transfer.received += wanted.length;
      options.onProgress?.(transfer.received, transfer.size);
      if ((await options.limit?.take(chunk.length, signal)) === true) transfer.isHeldBack = true;
      if (claim.at >= claim.end && claim.end < claim.asked) break;
    }
  } finally {
    await writer.flush();
  }
  if (claim.end !== Infinity && claim.at < claim.end)
    throw new Unavailable(
      `${redacted(url)}: it broke off at byte ${claim.at}, before ${claim.end}`,
    );
}
