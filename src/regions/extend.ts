import { Failure } from "../errors.ts";
import { expiry } from "./document.ts";
import { changeLatest } from "./notes.ts";
import type { Region } from "./region.ts";
import type { Found } from "./stagings.ts";

/**
 * Has a staging stay so many days from now on; gives the new expiry. The region that got the files
 * first is changed first: a deletion marks it there, too.
 * @throws Failure USAGE where it is being deleted; UNREACHABLE where a region cannot be asked
 */
export async function extendStaging({ view, reads }: Found, days: number): Promise<string> {
  const expires_at = expiry(new Date(), days, new Date(view.uploaded_at));
  const unknown = view.regions.find(({ state }) => state === "unknown");
  if (unknown !== undefined)
    throw new Failure("UNREACHABLE", `${unknown.region} cannot be changed: ${unknown.reason}`);
  for (const { region } of reads) await extendIn(region, view.staging_id, expires_at);
  return expires_at;
}

async function extendIn(region: Region, id: string, expires_at: string): Promise<void> {
  const now = await changeLatest(region, id, ({ state }) =>
    state === "deleting" ? undefined : { expires_at },
  );
  if (now === undefined || now.document.state === "deleting")
    throw new Failure("USAGE", `${id} is being deleted in ${region.name}`);
}
