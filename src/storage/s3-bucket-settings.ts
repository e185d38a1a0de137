import { isDeepStrictEqual } from "node:util";
import type { BucketLocationConstraint, LifecycleRule } from "@aws-sdk/client-s3";
import { Failure } from "../errors.ts";
import type { Bucket, ExpiryRule, Setting } from "./bucket.ts";
import type { BucketCalls } from "./s3-bucket-calls.ts";
import type { Refusal } from "./s3-errors.ts";

/** The region that a bucket is in where it is made without one. */
const USUAL_REGION = "us-east-1";

/** Requests of a bucket about itself. */
export function settingsOf({
  name,
  client,
  sdk,
  ask,
}: BucketCalls): Pick<Bucket, "isThere" | "create" | "keepVersions" | "setRule"> {
  return { isThere, create, keepVersions, setRule };

  function isThere(): Promise<boolean> {
    const command = new sdk.HeadBucketCommand({ Bucket: name });
    return ask<boolean>(undefined, {
      send: (abortSignal) => client.send(command, { abortSignal }).then(() => true),
      refused: ({ status }) => (status === 404 ? { value: false } : undefined),
    });
  }

  async function create(): Promise<void> {
    const region = await client.config.region();
    const where = { LocationConstraint: region as BucketLocationConstraint };
    const command = new sdk.CreateBucketCommand({
      Bucket: name,
      ...(region === USUAL_REGION ? {} : { CreateBucketConfiguration: where }),
    });
    await ask<unknown>(undefined, {
      send: (abortSignal) => client.send(command, { abortSignal }),
      refused({ word }) {
        // An answer may have been lost, or another process was faster.
        if (word === "BucketAlreadyOwnedByYou") return { value: undefined };
        if (word !== "BucketAlreadyExists") return undefined;
        const hint = "name another one, as `bucket` of the region";
        throw new Failure("FORBIDDEN", `s3://${name} belongs to somebody else: ${hint}`);
      },
    });
  }

  async function keepVersions(isDry: boolean): Promise<Setting> {
    const get = new sdk.GetBucketVersioningCommand({ Bucket: name });
    const found = await ask(undefined, {
      send: async (abortSignal) => (await client.send(get, { abortSignal })).Status,
      refused: (refusal) => (isLacking(refusal) ? { value: undefined } : undefined),
    });
    if (found === "Enabled") return { state: "kept" };
    if (isDry) return { state: "due" };
    const put = new sdk.PutBucketVersioningCommand({
      Bucket: name,
      VersioningConfiguration: { Status: "Enabled" },
    });
    return await set((abortSignal) => client.send(put, { abortSignal }));
  }

  async function setRule(rule: ExpiryRule, isDry: boolean): Promise<Setting> {
    const own = ruleOf(rule);
    const found = await rules();
    if (found.some((each) => isDeepStrictEqual(each, own))) return { state: "kept" };
    if (isDry) return { state: "due" };
    const Rules = [...found.filter(({ ID }) => ID !== own.ID), own];
    const put = new sdk.PutBucketLifecycleConfigurationCommand({
      Bucket: name,
      LifecycleConfiguration: { Rules },
    });
    return await set((abortSignal) => client.send(put, { abortSignal }));
  }

  function rules(): Promise<readonly LifecycleRule[]> {
    const command = new sdk.GetBucketLifecycleConfigurationCommand({ Bucket: name });
    return ask<readonly LifecycleRule[]>(undefined, {
      send: async (abortSignal) => (await client.send(command, { abortSignal })).Rules ?? [],
      refused: (refusal) =>
        refusal.word === "NoSuchLifecycleConfiguration" || isLacking(refusal)
          ? { value: [] }
          : undefined,
    });
  }

  function set(send: (signal: AbortSignal) => Promise<unknown>): Promise<Setting> {
    return ask<Setting>(undefined, {
      send: async (signal) => {
        await send(signal);
        return { state: "set" };
      },
      refused: (refusal) =>
        isLacking(refusal)
          ? { value: { state: "lacking", reason: `${refusal.status} ${refusal.word}`.trim() } }
          : undefined,
    });
  }
}

/** True where the store has no such setting: older Swift takes rules for bad XML. */
function isLacking({ status, word }: Refusal): boolean {
  return status === 501 || status === 405 || (status === 400 && word === "MalformedXML");
}

function ruleOf({ id, prefix, days, oldVersionDays, partDays }: ExpiryRule): LifecycleRule {
  return {
    ID: id,
    Status: "Enabled",
    Filter: { Prefix: prefix },
    Expiration: { Days: days },
    NoncurrentVersionExpiration: { NoncurrentDays: oldVersionDays },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: partDays },
  };
}
