import { Failure } from "../errors.ts";
import type { Bucket, SignOptions } from "./bucket.ts";
import type { BucketCalls } from "./s3-bucket-calls.ts";

/** Requests of a bucket that others can send without credentials. */
export function signingOf({ name, client, sdk, ask }: BucketCalls): Pick<Bucket, "sign"> {
  let ready: ReturnType<typeof prepare> | undefined;
  return { sign };

  async function sign(key: string, { at, seconds }: SignOptions): Promise<string> {
    ready ??= prepare();
    const { presigner, protocol, host, hostname, below } = await ready;
    const path = below + key.split("/").map(encoded).join("/");
    // Of the address only the header is signed.
    const asked = { method: "GET", protocol, hostname, path, headers: { host } };
    const request = { ...asked, query: { "x-id": "GetObject" } };
    // Nothing is sent, but finding credentials can fail as a request does.
    const { query = {} } = await ask(key, {
      send: () => presigner.presign(request, { signingDate: at, expiresIn: seconds }),
    });
    const pairs = Object.entries(query).map(([each, value]) => `${each}=${encoded(String(value))}`);
    return `${protocol}//${host}${path}?${pairs.join("&")}`;
  }

  /** The SDK builds all that is around a command for each URL: what is the same for all is learned once. */
  async function prepare() {
    const { getSignedUrl, S3RequestPresigner } = await import("@aws-sdk/s3-request-presigner");
    const command = new sdk.GetObjectCommand({ Bucket: name, Key: "k" });
    const signed = await ask(undefined, { send: () => getSignedUrl(client, command) });
    const { protocol, host, hostname, pathname } = new URL(signed);
    if (!/^[!-~]*\/k$/.test(pathname) || /['"\\]/.test(signed))
      throw new Failure("CONFIG_INVALID", `s3://${name}: its endpoint's URL cannot be signed`);
    const presigner = new S3RequestPresigner({ ...client.config });
    return { presigner, protocol, host, hostname, below: pathname.slice(0, -1) };
  }
}

/** As a signature has it: percents for all but letters, digits, - . _ ~ */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
