import { errorMessage } from "../errors.ts";
import { forEach } from "../lib/for-each.ts";
import type { Documents, KnownDocument, KnownRegion } from "../store/staging-store.ts";
import { ENDED, parseEnded } from "./document.ts";
import { documentsIn, type ListedDocument } from "./listed.ts";
import { documentIn } from "./notes.ts";
import type { Region } from "./region.ts";

/** Documents that are read at once. */
const AT_ONCE = 16;
/** Reading takes long from so many ms on; it is good for so many times as long. */
const LONG_MS = 1000;
const TIMES_ITS_COST = 10;

/** Told of a region, or a document of it, that cannot be read. */
export type OnProblem = (region: string, message: string) => void;

/** Options of `readBuckets`. */
export interface ReadBuckets {
  /** Documents that are known already; those that the buckets have now are noted there. */
  readonly documents: Documents;
  /**
   * `always`: with the documents that changed since the last time. `if old`: not where reading took long
   * the last time, and that was a little while ago. `all`: with all documents.
   */
  readonly when: "always" | "if old" | "all";
  readonly signal: AbortSignal;
  readonly onProblem: OnProblem;
}

/**
 * Reads which stagings the buckets of regions have. Listings say which documents changed since the last
 * time: only those are asked for. What is known of a region that cannot be read stays as it was.
 * @throws the signal's reason; Failure CACHE_UNUSABLE
 */
export async function readBuckets(regions: readonly Region[], options: ReadBuckets): Promise<void> {
  const isYoung = ({ readAt, tookMs }: KnownRegion) =>
    tookMs >= LONG_MS && Date.now() - readAt < tookMs * TIMES_ITS_COST;
  const young =
    options.when === "if old" ? (await options.documents.regions()).filter(isYoung) : [];
  const old = regions.filter((region) => !young.some(({ name }) => name === region.name));
  await Promise.all(old.map((region) => readBucket(region, options)));
}

async function readBucket(
  region: Region,
  { documents, when, signal, onProblem }: ReadBuckets,
): Promise<void> {
  const { name, bucket } = region;
  const begun = performance.now();
  const known = new Map((await documents.of(name)).map((each) => [each.key, each]));
  const gone = new Set(known.keys());
  const changed: Omit<KnownDocument, "region">[] = [];
  let problem: string | undefined;
  try {
    await forEach(documentsIn(bucket), AT_ONCE, async (listed) => {
      const before = known.get(listed.key);
      const isSame = before?.etag === listed.etag && when !== "all";
      const now = isSame ? before : await contentOf(region, listed.key);
      if (now === undefined) return;
      gone.delete(listed.key);
      const { text, problem: why } = now;
      if (why !== undefined) onProblem(name, why);
      if (!isSame || !isAlike(before.uses, listed.uses))
        changed.push({ ...listed, text, problem: why });
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    problem = errorMessage(error);
    onProblem(name, problem);
    gone.clear();
  }
  const tookMs = Math.round(performance.now() - begun);
  await documents.note({ name, readAt: Date.now(), tookMs, problem, changed, gone: [...gone] });
}

/** A document as it is kept; undefined where it is gone meanwhile. @throws Failure */
async function contentOf(
  region: Region,
  key: string,
): Promise<Pick<KnownDocument, "text" | "problem"> | undefined> {
  const found = await region.bucket.get(key);
  if (found === undefined) return undefined;
  const [id = ""] = key.split("/", 1);
  try {
    const document = key.startsWith(ENDED)
      ? parseEnded(found.bytes, `s3://${region.bucket.name}/${key}`)
      : documentIn(region, id, found.bytes);
    return { text: JSON.stringify(document), problem: undefined };
  } catch (error) {
    return { text: "", problem: errorMessage(error) };
  }
}

function isAlike(a: ListedDocument["uses"], b: ListedDocument["uses"]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
