import type { Documents, KnownRegion } from "../store/staging-store.ts";
import { ENDED, type EndedDocument, type StagingDocument } from "./document.ts";
import { type Answer, type StagingView, viewOf } from "./staging-view.ts";

/** A region of the configuration. */
export interface Place {
  readonly region: string;
  readonly bucket: string;
}

/** All that is known of a configuration's regions, without asking them. */
export interface Known {
  /** Answers of the regions that have it, by id. */
  readonly stagings: ReadonlyMap<string, readonly Answer[]>;
  /** Of stagings that were removed. */
  readonly ended: readonly EndedDocument[];
  /** The regions that were ever read. */
  readonly regions: readonly KnownRegion[];
}

/** Collects it. @throws Failure CACHE_UNUSABLE */
export async function knownIn(documents: Documents, places: readonly Place[]): Promise<Known> {
  const regions = (await documents.regions()).filter(({ name }) =>
    places.some(({ region }) => region === name),
  );
  const stagings = new Map<string, Answer[]>();
  const ended: EndedDocument[] = [];
  for (const place of places) {
    const problem = regions.find(({ name }) => name === place.region)?.problem;
    for (const known of await documents.of(place.region)) {
      const { key, text, uses } = known;
      const [id = ""] = key.split("/", 1);
      // What is no problem was checked when it was noted.
      const value = known.problem === undefined ? JSON.parse(text) : undefined;
      if (!key.startsWith(ENDED)) {
        const document = value as StagingDocument | undefined;
        const answer = { ...place, document, problem: known.problem ?? problem, uses };
        stagings.set(id, [...(stagings.get(id) ?? []), answer]);
      } else if (value !== undefined) ended.push(value as EndedDocument);
    }
  }
  return { stagings, ended, regions };
}

/** The stagings that are known, the latest first. */
export function viewsOf({ stagings, regions }: Known, places: readonly Place[]): StagingView[] {
  const silent = places.map((place) => ({
    ...place,
    problem: regions.find(({ name }) => name === place.region)?.problem,
  }));
  const views = [...stagings.values()].flatMap((answers) => {
    const others = silent.filter(({ region }) => !answers.some((own) => own.region === region));
    return viewOf([...answers, ...others]) ?? [];
  });
  return views.toSorted((a, b) => (a.uploaded_at < b.uploaded_at ? 1 : -1));
}
