import { Failure } from "../errors.ts";
import type { Whole } from "./copy-region.ts";
import { isId } from "./document.ts";
import { fetchList } from "./fetch-object.ts";
import { objectOf, readList, withListPath } from "./file-list.ts";
import type { RegionsContext } from "./region.ts";
import { fileLine, headText, LAST_LINE } from "./script-text.ts";

/** Options of `writeScript`. */
export interface WriteScript {
  readonly from: Whole;
  /** Lifetime of its URLs; they never outlast the staging. */
  readonly hours: number;
  /** Takes a piece of it; the next one comes once this is done. */
  readonly write: (text: string) => Promise<void>;
}

/** A script that was written. */
export interface Written {
  /** End of its URLs' time. */
  readonly expires: Date;
}

/** The longest that a store lets a signed URL be good, hours. */
const MOST_HOURS = 7 * 24;
const HOUR_MS = 3_600_000;
/** Text that is held before it is written, characters. */
const HELD = 65_536;

/**
 * Writes a shell script that fetches a staging by signed URLs. Only the list of its files is asked for.
 * @throws Failure USAGE for other than 1 to 168 hours, and where the staging's time is over; as `fetchList`
 */
export async function writeScript(
  { from, hours, write }: WriteScript,
  context: RegionsContext,
): Promise<Written> {
  const { region, document } = from;
  const { staging_id: id, kind } = document;
  // It becomes a part of the script, and any bucket may say it.
  if (!isId(id)) throw new Failure("FORMAT_INVALID", `${region.name}: a document has no id`);
  const at = new Date();
  const seconds = lifetime(document.expires_at, hours, at);
  const expires = new Date(at.getTime() + seconds * 1000);
  const sign = (key: string) => region.bucket.sign(`${id}/${key}`, { at, seconds });
  return await withListPath(async (list) => {
    await fetchList(from, list, context);
    const unpackers = document.compression === undefined ? [] : [document.compression];
    const isTemporary = /[?&]X-Amz-Security-Token=/i.test(await sign("any"));
    let held = headText({ document, expires, isTemporary, unpackers });
    for await (const file of readList(list)) {
      context.signal.throwIfAborted();
      held += fileLine(file, kind, await sign(objectOf(file).path));
      if (held.length < HELD) continue;
      await write(held);
      held = "";
    }
    await write(held + LAST_LINE);
    return { expires };
  });
}

/** Seconds for which the URLs are good. @throws Failure USAGE */
function lifetime(expires_at: string, hours: number, now: Date): number {
  if (hours < 1 || hours > MOST_HOURS)
    throw new Failure("USAGE", `--expires is a number of hours, 1 to ${MOST_HOURS}`);
  const leftMs = Date.parse(expires_at) - now.getTime();
  const seconds = Math.floor(Math.min(hours * HOUR_MS, leftMs) / 1000);
  if (seconds < 1)
    throw new Failure("USAGE", "its time is over: `stage update` has it stay longer");
  return seconds;
}
