import { Failure } from "../errors.ts";
import { type Grant, partitionOf, withGrant, withoutGrant } from "./policy.ts";
import type { Region, RegionsContext } from "./region.ts";
import type { Found } from "./stagings.ts";

/** Times that a policy is written which others change at the same time. */
const TRIES = 5;

/** The grant of a staging in a region's bucket. */
function grantIn(
  { name, bucket }: Region,
  { id, accounts }: Pick<Grant, "id" | "accounts">,
  { settings }: Pick<RegionsContext, "settings">,
): Grant {
  const { regions, endpoints } = settings;
  const endpoint = endpoints[regions[name]?.endpoint ?? ""];
  return { id, accounts, bucket: bucket.name, partition: partitionOf(endpoint?.region ?? "") };
}

/**
 * Lets accounts read a staging. Stores do not compare policies when they are written: it is read again, and
 * whoever does more than one thing grants again at the end.
 * @throws Failure LIMIT_EXCEEDED; USAGE where the store has no policies; ALREADY_RUNNING
 */
async function allow({ bucket }: Region, grant: Grant): Promise<void> {
  await changed({ bucket }, (text) => withGrant(text, grant));
}

/** Lets the accounts that documents name read their staging, in each region. @throws as `allow` */
export async function allowAll(
  reads: Found["reads"],
  context: Pick<RegionsContext, "settings">,
): Promise<void> {
  for (const { region, read } of reads) {
    const { staging_id: id, allow_accounts: accounts = [] } = read.document;
    if (accounts.length > 0) await allow(region, grantIn(region, { id, accounts }, context));
  }
}

/** The policies that buckets would have, for people to look at; the id is none of a staging. @throws Failure */
export async function plannedPolicies(
  regions: readonly Region[],
  accounts: readonly string[],
  context: Pick<RegionsContext, "settings">,
): Promise<readonly PlannedPolicy[]> {
  const id = "stage-000000000000";
  const plan = async (region: Region) => {
    const { name, bucket } = region;
    const text = withGrant(await bucket.policy(), grantIn(region, { id, accounts }, context));
    return { region: name, bucket: bucket.name, policy: JSON.parse(text) as unknown };
  };
  return await Promise.all(regions.map(plan));
}

/** The policy that a bucket would have. */
export interface PlannedPolicy {
  readonly region: string;
  readonly bucket: string;
  readonly policy: unknown;
}

/** Takes the grant of a staging back. @throws Failure */
export async function disallow({ bucket }: Region, id: string): Promise<void> {
  await changed({ bucket }, (text) =>
    text === undefined ? undefined : withoutGrant(text, { id, bucket: bucket.name }),
  );
}

async function changed(
  { bucket }: Pick<Region, "bucket">,
  change: (text: string | undefined) => string | undefined,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const text = await bucket.policy();
    const next = change(text);
    if (next === text) return;
    await bucket.setPolicy(next);
  }
  throw new Failure("ALREADY_RUNNING", `others change the policy of s3://${bucket.name}, too`);
}
