import { Failure } from "../errors.ts";
import type { Found } from "./stagings.ts";

/** What says in which region a machine is. */
export interface Whereabouts {
  /** The region that a person names. */
  readonly named?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Chooses the region that a machine fetches from: the one that is named, else its own one, as
 * AWS_REGION or AWS_DEFAULT_REGION says it, else the first; only where it is complete.
 * @throws Failure USAGE where the named one is not; FILE_MISSING where none is
 */
export function chooseRegion(
  { view, reads }: Found,
  { named, env }: Whereabouts,
): Found["reads"][number] {
  const complete = view.regions
    .filter(({ state }) => state === "complete")
    .map(({ region }) => region);
  const texts = view.regions.map(
    ({ region, state, reason }) => `${region} ${state}${reason === null ? "" : ` (${reason})`}`,
  );
  const said = `${view.staging_id}: ${texts.join(", ")}`;
  if (named !== undefined && !complete.includes(named))
    throw new Failure("USAGE", `it is not complete in ${named}: ${said}`);
  const own = [env["AWS_REGION"], env["AWS_DEFAULT_REGION"]].find((each) => (each ?? "") !== "");
  const chosen = named ?? complete.find((each) => each === own) ?? complete[0];
  const found = reads.find(({ region }) => region.name === chosen);
  if (found === undefined) throw new Failure("FILE_MISSING", `complete in no region: ${said}`);
  return found;
}
