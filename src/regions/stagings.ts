import { errorMessage, Failure } from "../errors.ts";
import { forEach } from "../lib/for-each.ts";
import { isId } from "./document.ts";
import { type Read, readDocument } from "./notes.ts";
import type { Region } from "./region.ts";
import { type Answer, type StagingView, viewOf } from "./staging-view.ts";

/** Documents that are read at once. */
const AT_ONCE = 16;

/** Told of a region, or a document of it, that cannot be read. */
export type OnProblem = (region: string, message: string) => void;

/** All stagings that the regions have, the latest first: read from the buckets. @throws the signal's reason */
export async function readStagings(
  regions: readonly Region[],
  signal: AbortSignal,
  onProblem: OnProblem,
): Promise<readonly StagingView[]> {
  const answers = new Map<string, Answer[]>();
  const problems: Answer[] = [];
  await Promise.all(regions.map(readRegion));
  const asked = regions.map(({ name, bucket }) => ({ region: name, bucket: bucket.name }));
  const views = [...answers.values()].flatMap((own) => {
    const silent = asked.filter(({ region }) => !own.some((each) => each.region === region));
    const others = silent.map(
      (each) => problems.find(({ region }) => region === each.region) ?? each,
    );
    return viewOf([...own, ...others]) ?? [];
  });
  return views.toSorted((a, b) => (a.uploaded_at < b.uploaded_at ? 1 : -1));

  async function readRegion(region: Region): Promise<void> {
    const { name, bucket } = region;
    try {
      await forEach(idsIn(region), AT_ONCE, async (id) => {
        const answer = await answerOf(region, id, signal);
        if (answer.problem !== undefined) onProblem(name, answer.problem);
        answers.set(id, [...(answers.get(id) ?? []), answer]);
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const problem = errorMessage(error);
      onProblem(name, problem);
      problems.push({ region: name, bucket: bucket.name, problem });
    }
  }
}

async function* idsIn({ bucket }: Region): AsyncGenerator<string, void, void> {
  for await (const page of bucket.folders("stage-")) yield* page.filter(isId);
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
