import type { StagingSettings } from "../config/staging-settings.ts";
import { Failure } from "../errors.ts";
import { nearest } from "../lib/nearest.ts";
import type { Bucket } from "../storage/bucket.ts";
import { createStorages, type Storages } from "../storage/index.ts";
import { openBucket } from "../storage/s3-bucket.ts";
import { authorities } from "../storage/storages-of.ts";
import type { Place } from "./known-stagings.ts";

/** A region: its bucket, to write to and to read from. */
export interface Region {
  readonly name: string;
  readonly bucket: Bucket;
  /** Reads objects at the region's endpoint. */
  readonly storages: Storages;
}

/** Everything that work on regions needs. */
export interface RegionsContext {
  readonly settings: StagingSettings;
  readonly signal: AbortSignal;
}

/** Names that are offered for one that is unknown. */
const OFFERED = 3;

/** Opens regions, by default all of the configuration. @throws Failure USAGE, CONFIG_INVALID, FORBIDDEN */
export async function openRegions(
  context: RegionsContext,
  names: readonly string[] = Object.keys(context.settings.regions),
): Promise<readonly Region[]> {
  if (names.length === 0)
    throw new Failure("USAGE", "no region: the configuration names them, as `regions:`");
  return await Promise.all([...new Set(names)].map((name) => openRegion(name, context)));
}

async function openRegion(name: string, { settings, signal }: RegionsContext): Promise<Region> {
  const { regions, endpoints, retries, stallMs } = settings;
  if (!Object.hasOwn(regions, name)) throw unknown(name, Object.keys(regions));
  const { endpoint: at = "" } = regions[name] ?? {};
  const endpoint = Object.hasOwn(endpoints, at) ? endpoints[at] : undefined;
  if (endpoint === undefined)
    throw new Failure("CONFIG_INVALID", `regions.${name}.endpoint: there is no endpoint ${at}`);
  const ca = authorities(settings);
  return {
    name,
    bucket: await openBucket({
      endpoint,
      name: bucketOf(settings, name),
      ca,
      retries,
      stallMs,
      signal,
    }),
    storages: createStorages({
      ca,
      endpoints: { default: { ...endpoint, bucket: bucketOf(settings, name) } },
    }),
  };
}

/** The regions of a configuration, and their buckets. */
export function placesOf(settings: Pick<StagingSettings, "regions">): Place[] {
  const names = Object.keys(settings.regions);
  return names.map((region) => ({ region, bucket: bucketOf(settings, region) }));
}

function bucketOf({ regions }: Pick<StagingSettings, "regions">, name: string): string {
  return regions[name]?.bucket ?? `staging-${name}`;
}

function unknown(name: string, known: readonly string[]): Failure {
  const near = nearest(name, known, OFFERED);
  const hint = near.length > 0 ? near : known;
  const there =
    hint.length === 0 ? "the configuration has no `regions:`" : `there are ${hint.join(", ")}`;
  return new Failure("USAGE", `no region ${name}: ${there}`);
}
