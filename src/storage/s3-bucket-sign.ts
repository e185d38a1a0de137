import { Failure } from "../errors.ts";
import type { Bucket, SignOptions } from "./bucket.ts";
import type { BucketCalls } from "./s3-bucket-calls.ts";

/** What a bucket lets others do without credentials. */
export function signingOf({ name, client, sdk, ask }: BucketCalls): Pick<Bucket, "sign"> {
  return { sign };

  async function sign(key: string, { at, seconds }: SignOptions): Promise<string> {
    const { getSignedUrl } = await import("@aws-sdk/s3-request-presigner");
    const command = new sdk.GetObjectCommand({ Bucket: name, Key: key });
    const options = { signingDate: at, expiresIn: seconds };
    // Nothing is sent, but finding credentials can fail as a request does.
    const url = await ask(key, { send: () => getSignedUrl(client, command, options) });
    if (/[^!-~]|["'\\]/.test(url))
      throw new Failure("UNEXPECTED", `s3://${name}/${key}: its signed URL is no URL`);
    return url;
  }
}
