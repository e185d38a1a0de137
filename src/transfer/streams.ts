import { Failure, type FailureCode } from "../errors.ts";
import { redacted } from "../storage/location.ts";
import { type Reply, Unavailable } from "../storage/types.ts";
import { firstGap, type Range, withRange } from "./ranges.ts";
import { type Claim, claimOf, receive } from "./receive.ts";
import { forget, type Transfer } from "./transfer.ts";

const PART_BYTES = 16 * 1024 * 1024;
/** A stream that takes longer than this for a part, ms, is helped by another one. */
const SLOW_MS = 100;

/** Codes of refusals that another stream need not meet. */
const refusals: ReadonlySet<FailureCode> = new Set([
  "FORBIDDEN",
  "URL_EXPIRED",
  "FILE_MISSING",
  "UNREACHABLE",
]);

/** The first stream: an answer, and what is taken of it. */
export interface First {
  readonly reply: Reply;
  readonly claim: Claim;
}

/** True where more streams than one may fetch ranges of the object. */
export function canSpread(
  { options, size = 0, streams, partial }: Transfer,
  reply: Reply,
): boolean {
  const { partBytes = PART_BYTES } = options;
  const isSafe = reply.hasRanges && partial.version() !== undefined;
  return isSafe && streams > 1 && size >= 2 * partBytes;
}

/**
 * Receives the rest of an object in several streams: the first answer goes on to where the next range
 * begins, others are opened one by one while those that there are stay slow. A stream that fails leaves
 * its range to the others.
 * @throws Unavailable where all of them failed, or one met another version: all begins again, alone,
 * then; what the disk says; the signal's reason once it is aborted
 */
export async function receiveInStreams(transfer: Transfer, first: First): Promise<void> {
  const { url, partial, options } = transfer;
  const { partBytes = PART_BYTES, stallMs } = options;
  const size = transfer.size as number;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  stop.signal.addEventListener("abort", () => first.reply.close());
  const claims = new Set<Claim>();
  const streams = new Set<Promise<void>>();
  let spread: Promise<void> | undefined;
  let seen = transfer.received;
  let failure: unknown;

  start(() => claimed(first.claim, () => receive(transfer, { ...first, signal })));
  const ticker = setInterval(helpIfSlow, SLOW_MS);
  try {
    while (streams.size > 0) await Promise.race(streams);
  } finally {
    clearInterval(ticker);
  }
  if (stop.signal.aborted) {
    if (isOther(failure)) {
      transfer.streams = 1;
      await forget(transfer);
    }
    throw failure;
  }
  if (firstGap(partial.done(), size) !== undefined) throw failure;

  function helpIfSlow(): void {
    const bytes = transfer.received - seen;
    seen = transfer.received;
    const isFast = bytes >= partBytes * streams.size || transfer.isHeldBack;
    transfer.isHeldBack = false;
    if (isFast || streams.size >= transfer.streams) return;
    if (nextRange() !== undefined) start(() => (spread ??= partial.spread()));
  }

  /** Starts a stream: `begin`, then range after range. */
  function start(begin: () => Promise<void>): void {
    const stream = run(begin)
      .catch(judge)
      .finally(() => streams.delete(stream));
    streams.add(stream);
  }

  async function run(begin: () => Promise<void>): Promise<void> {
    await begin();
    for (let range = nextRange(); range !== undefined; range = nextRange()) {
      const claim = claimOf(range);
      await claimed(claim, () => fetchRange(claim));
    }
  }

  /** A range that no stream works on: a part, or a little more where little would be left. */
  function nextRange(): Range | undefined {
    let taken = partial.done();
    for (const claim of claims)
      taken = withRange(taken, {
        start: claim.start,
        end: Math.min(claim.end, claim.at + partBytes),
      });
    const gap = firstGap(taken, size);
    const end = (gap?.start ?? 0) + partBytes;
    return gap === undefined || gap.end - end < partBytes / 2 ? gap : { start: gap.start, end };
  }

  async function claimed(claim: Claim, work: () => Promise<void>): Promise<void> {
    claims.add(claim);
    fitFirst();
    try {
      await work();
    } catch (error) {
      // The source bears no more than the others.
      const isUseless = claim.at === claim.start && streams.size > 1;
      if (isUseless) transfer.streams = streams.size - 1;
      throw error;
    } finally {
      claims.delete(claim);
      fitFirst();
    }
  }

  /** The first stream ends where another's range begins, and goes on where that was left as it was. */
  function fitFirst(): void {
    const { claim } = first;
    const others = [...partial.done(), ...claims].filter((range) => range !== claim);
    const ahead = others.filter(({ end }) => end > claim.at);
    claim.end = Math.min(claim.asked, ...ahead.map(({ start }) => Math.max(start, claim.at)));
  }

  async function fetchRange(claim: Claim): Promise<void> {
    const { start: from, end } = claim;
    const version = partial.version();
    const request = { start: from, end, version, stallMs, signal, isTransient: true };
    transfer.requests += 1;
    const reply = await options.storages.of(url).read(url, request);
    const isSame = reply.start === from && reply.version === version;
    if (!isSame || (reply.size ?? size) !== size) {
      reply.close();
      throw new Unavailable(`${redacted(url)}: it changed`, { isOther: true });
    }
    await receive(transfer, { reply, claim, signal });
  }

  /** Ends all streams where the failure of one is not its own. */
  function judge(error: unknown): void {
    if (stop.signal.aborted) return;
    failure = error;
    const isRefusal = error instanceof Failure && refusals.has(error.code);
    const isOwn = (error instanceof Unavailable && !error.isOther) || isRefusal;
    if (!isOwn) stop.abort(error);
  }
}

function isOther(error: unknown): boolean {
  return error instanceof Unavailable && error.isOther;
}
