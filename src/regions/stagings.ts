import { errorMessage, Failure } from "../errors.ts";
import { isId } from "./document.ts";
import { knownIn, viewsOf } from "./known-stagings.ts";
import { type Read, readDocument } from "./notes.ts";
import { type ReadBuckets, readBuckets } from "./read-buckets.ts";
import type { Region } from "./region.ts";
import { type Answer, type StagingView, viewOf } from "./staging-view.ts";

/** All stagings that the regions have, the latest first: read from the buckets. @throws as `readBuckets` */
export async function readStagings(
  regions: readonly Region[],
  options: ReadBuckets,
): Promise<readonly StagingView[]> {
  await readBuckets(regions, options);
  const places = regions.map(({ name, bucket }) => ({ region: name, bucket: bucket.name }));
  return viewsOf(await knownIn(options.documents, places), places);
}

/** A staging in some regions. */
export interface Found {
  readonly view: StagingView;
  /** The documents, as they can be changed, the region that got the files first before the others. */
  readonly reads: readonly { readonly region: Region; readonly read: Read }[];
}

/** One staging. @throws Failure USAGE where no region has it; UNREACHABLE where none could be asked */
export async function findStaging(
  regions: readonly Region[],
  id: string,
  signal: AbortSignal,
): Promise<Found> {
  if (!isId(id))
    throw new Failure("USAGE", `${id} is no id of a staging, as stage-0123456789ab is`);
  const reads: { readonly region: Region; readonly read: Read }[] = [];
  const answers = await Promise.all(
    regions.map((region) => answerOf(region, id, signal, (read) => reads.push({ region, read }))),
  );
  const view = viewOf(answers);
  if (view !== undefined) {
    const order = view.regions.map(({ region }) => region);
    const placeOf = ({ region }: Found["reads"][number]) => order.indexOf(region.name);
    return { view, reads: reads.toSorted((a, b) => placeOf(a) - placeOf(b)) };
  }
  const problem = answers.find((answer) => answer.problem !== undefined)?.problem;
  throw problem === undefined
    ? new Failure("USAGE", `no staging ${id} in ${regions.map(({ name }) => name).join(", ")}`)
    : new Failure("UNREACHABLE", `${id} was not found: ${problem}`);
}

async function answerOf(
  region: Region,
  id: string,
  signal: AbortSignal,
  onRead: (read: Read) => void = () => {},
): Promise<Answer> {
  const asked = { region: region.name, bucket: region.bucket.name };
  try {
    const read = await readDocument(region, id);
    if (read !== undefined) onRead(read);
    return { ...asked, document: read?.document };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return { ...asked, problem: errorMessage(error) };
  }
}
