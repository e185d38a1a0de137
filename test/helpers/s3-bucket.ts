import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Endpoint } from "../../src/storage/endpoints.ts";
import { locationOf } from "../../src/storage/location.ts";
import type { Keys, ObjectStore } from "./object-store.ts";

/** A bucket of a store, and its owner's client. */
export interface Bucket {
  readonly name: string;
  readonly client: S3Client;
  /** Puts an object there, or replaces it; gives its location. */
  put(key: string, bytes: Buffer | string): Promise<URL>;
}

/** Makes one. */
export async function createBucket(
  { url, region, keys }: Pick<ObjectStore, "url" | "region" | "keys">,
  name: string,
): Promise<Bucket> {
  const client = new S3Client({
    endpoint: url.href,
    region,
    credentials: keys,
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  return {
    name,
    client,
    async put(key, bytes) {
      await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: bytes }));
      return locationOf(`s3://${name}/${key}`);
    },
  };
}

/** An endpoint whose keys stand in a file. */
export function endpointAt(url: URL, keyFile: string, region = "us-east-1"): Endpoint {
  return { url: url.href, region, credentials: { keyFile } };
}

/** The content of such a file. */
export function keyFileText(keys: Keys): string {
  return JSON.stringify(keys);
}
