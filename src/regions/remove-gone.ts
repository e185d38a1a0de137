import type { Region } from "./region.ts";
import { isOurs } from "./replicate.ts";
import { hasFile, type Source } from "./walk.ts";

/** Removes what an earlier process sent and the source does not have any more. @throws Failure */
export async function removeGone({ bucket }: Region, id: string, source: Source): Promise<void> {
  for await (const page of bucket.list(`${id}/`)) {
    const gone: string[] = [];
    for (const { key } of page) {
      const name = key.slice(id.length + 1);
      if (!isOurs(name) && !(await hasFile(source, name))) gone.push(key);
    }
    await bucket.remove(gone);
  }
}
