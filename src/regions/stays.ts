import type { Stay } from "./charges.ts";
import { type EndedDocument, keptBytes, type StagingDocument } from "./document.ts";
import type { Known } from "./known-stagings.ts";
import type { Answer } from "./staging-view.ts";

/** The stays of stagings in regions; one that was never complete in a region has none there. */
export function staysOf({ stagings, ended }: Pick<Known, "stagings" | "ended">): readonly Stay[] {
  const now = [...stagings.values()].flatMap(staysOfAnswers);
  const isThere = new Set(now.map(keyOf));
  // A deletion notes what it removes before it does.
  const before = ended.flatMap((document) => {
    const { deleted_at, uses } = document;
    return stayOf(document, { until: Date.parse(deleted_at), uses });
  });
  return [...now, ...before.filter((stay) => !isThere.has(keyOf(stay)))];
}

/** The same for one staging that is there. */
export function staysOfAnswers(answers: readonly Answer[]): readonly Stay[] {
  return answers.flatMap(({ document, uses = {} }) =>
    document === undefined ? [] : stayOf(document, { until: Infinity, uses }),
  );
}

function stayOf(
  document: StagingDocument | EndedDocument,
  rest: Pick<Stay, "until" | "uses">,
): Stay[] {
  const { staging_id: id, region, regions, completed_at, file_count } = document;
  if (completed_at === null) return [];
  const bytes = keptBytes(document);
  const [first = region] = regions;
  const from = Date.parse(completed_at);
  const putRequests = document.put_requests ?? file_count;
  return [{ id, region, first, bytes, from, files: file_count, putRequests, ...rest }];
}

function keyOf({ id, region }: Stay): string {
  return `${id} ${region}`;
}
