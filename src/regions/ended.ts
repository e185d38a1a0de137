import { documentBytes, ENDED, type StagingDocument } from "./document.ts";
import { usesIn } from "./listed.ts";
import type { Region } from "./region.ts";

/**
 * Notes that a staging is removed from a region, and how often it was fetched from there: `stage cost`
 * counts it for ever. One that was never complete there cost nothing that is counted.
 * @throws Failure
 */
export async function noteEnd({ bucket }: Region, document: StagingDocument): Promise<void> {
  const { staging_id: id, completed_at } = document;
  if (completed_at === null) return;
  const uses = await usesIn(bucket, id);
  const ended = { ...document, deleted_at: new Date().toISOString(), uses };
  // Who goes on with a deletion finds fewer uses.
  await bucket.put(`${ENDED}${id}.json`, documentBytes(ended), { only: "where there is none" });
}
