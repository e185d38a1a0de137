import { fileName } from "./compression.ts";
import type { StagingDocument } from "./document.ts";
import type { Region } from "./region.ts";
import { isOurs } from "./replicate.ts";
import { hasFile, type Source } from "./walk.ts";

/** Removes what an earlier process sent and the source does not have any more. @throws Failure */
export async function removeGone(
  { bucket }: Region,
  { staging_id: id, compression }: StagingDocument,
  source: Source,
): Promise<void> {
  for await (const page of bucket.list(`${id}/`)) {
    const gone: string[] = [];
    for (const { key } of page) {
      const name = key.slice(id.length + 1);
      if (isOurs(name)) continue;
      const file = fileName(name, compression);
      if (file === undefined || !(await hasFile(source, file))) gone.push(key);
    }
    await bucket.remove(gone);
  }
}
