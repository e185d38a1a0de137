import { createReadStream } from "node:fs";
import { credentialsText, endpointOf, type Endpoints } from "./endpoints.ts";
import { objectOf } from "./location.ts";
import type { Connect } from "./s3-clients.ts";
import { s3Error } from "./s3-errors.ts";
import type { Storage } from "./types.ts";

/** Makes the function that sends a file as an object: one request, up to 5 GiB. */
export function createS3Write(
  connect: Connect,
  endpoints: Endpoints,
): NonNullable<Storage["write"]> {
  return async (url, { path, bytes, signal }) => {
    const { bucket, key } = objectOf(url);
    const endpoint = endpointOf(endpoints, bucket);
    const { client, sdk } = await connect(endpoint);
    const Body = bytes === 0 ? Buffer.alloc(0) : createReadStream(path, { end: bytes - 1 });
    const command = new sdk.PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body,
      ContentLength: bytes,
    });
    try {
      await client.send(command, { abortSignal: signal });
    } catch (error) {
      throw s3Error(error, { url, signal, credentials: credentialsText(endpoint) });
    }
  };
}
