import { Failure } from "../errors.ts";
import type { Bucket } from "./bucket.ts";
import type { BucketCalls } from "./s3-bucket-calls.ts";
import type { Refusal } from "./s3-errors.ts";

/** Requests of a bucket about its policy. */
export function policyOf({
  name,
  client,
  sdk,
  ask,
}: BucketCalls): Pick<Bucket, "policy" | "setPolicy"> {
  return { policy, setPolicy };

  function policy(): Promise<string | undefined> {
    const command = new sdk.GetBucketPolicyCommand({ Bucket: name });
    return ask(undefined, {
      send: async (abortSignal) => (await client.send(command, { abortSignal })).Policy,
      refused: (refusal) =>
        refusal.word === "NoSuchBucketPolicy" || isLacking(refusal)
          ? { value: undefined }
          : undefined,
    });
  }

  async function setPolicy(text: string | undefined): Promise<void> {
    await ask<unknown>(undefined, {
      send: (abortSignal) =>
        text === undefined
          ? client.send(new sdk.DeleteBucketPolicyCommand({ Bucket: name }), { abortSignal })
          : client.send(new sdk.PutBucketPolicyCommand({ Bucket: name, Policy: text }), {
              abortSignal,
            }),
      refused(refusal) {
        if (!isLacking(refusal)) return undefined;
        const said = `${refusal.status} ${refusal.word}`.trim();
        throw new Failure("USAGE", `s3://${name}: the store has no bucket policies (${said})`);
      },
    });
  }
}

function isLacking({ status }: Refusal): boolean {
  return status === 501 || status === 405;
}
