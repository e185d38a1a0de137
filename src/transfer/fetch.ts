import { Failure } from "../errors.ts";
import { redacted } from "../storage/location.ts";
import { failuresAfter, rest } from "../storage/rest.ts";
import { type Reply, Unavailable } from "../storage/types.ts";
import { prefixOf } from "./ranges.ts";
import { claimOf, receive } from "./receive.ts";
import { canSpread, receiveInStreams } from "./streams.ts";
import { heed, type Transfer } from "./transfer.ts";
import { unpack } from "./unpack.ts";

/**
 * Asks until all is there. Progress begins the count of failures again; how often all was begun again
 * is counted apart.
 * @throws as `download`
 */
export async function fetchWhole(transfer: Transfer): Promise<"whole" | "unchanged"> {
  const { partial, options, url } = transfer;
  for (let failures = 0; ;) {
    const before = { bytes: partial.bytes(), restarts: transfer.restarts };
    try {
      return await fetchSome(transfer);
    } catch (error) {
      // What began again is counted there: how far the try before got says nothing of it.
      const isAgain = transfer.restarts > before.restarts;
      if (!isAgain) failures = failuresAfter(failures, error, partial.bytes() - before.bytes);
      if (error instanceof Unavailable && transfer.restarts > options.retries)
        throw new Failure(
          "FILE_CHANGED",
          `${redacted(url)} breaks off or changes each time before it is whole`,
        );
      await rest(error, failures, options);
    }
  }
}

/** Asks once for what is missing. @throws Unavailable where something is missing still */
async function fetchSome(transfer: Transfer): Promise<"whole" | "unchanged"> {
  const { url, partial, options } = transfer;
  const { signal, stallMs } = options;
  const done = partial.done();
  const start = prefixOf(done);
  const end = done.find((range) => range.start > start)?.start;
  const version = partial.version();
  const unless = done.length === 0 ? options.unless : undefined;
  // Those who decompress look back.
  const isTransient = options.decompress !== true;
  const request = { start, end, version, unless, stallMs, signal, isTransient };
  transfer.requests += 1;
  const reply = await options.storages.of(url).read(url, request);
  if (reply.isUnchanged) return "unchanged";
  try {
    await heed(transfer, reply, start);
  } catch (error) {
    reply.close();
    throw error;
  }
  await take(transfer, reply);
  return "whole";
}

async function take(transfer: Transfer, reply: Reply): Promise<void> {
  const { partial, options, size = Infinity } = transfer;
  if (options.decompress === true) return unpack(transfer, reply);
  const { start } = reply;
  const end = partial.done().find((range) => range.start > start)?.start ?? size;
  // What is asked for from its start on may be sent to its end.
  const claim = start === 0 ? { ...claimOf({ start, end }), asked: size } : claimOf({ start, end });
  const first = { reply, claim };
  if (canSpread(transfer, reply)) return receiveInStreams(transfer, first);
  return receive(transfer, { ...first, signal: options.signal });
}
