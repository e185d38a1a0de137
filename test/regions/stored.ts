import { GetObjectCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import type { Bucket } from "../helpers/s3-bucket.ts";
import { keysOf } from "./two-regions.ts";

/** SHA-256, hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The bytes of an object, by a client that is not the program's. */
export async function bytesOf({ client, name }: Bucket, key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** SHA-256 of each file that a bucket has of a staging, by name. */
export async function hashesIn(
  bucket: Bucket,
  id: string,
): Promise<Readonly<Record<string, string>>> {
  const names = (await keysOf(bucket, id)).filter(
    (name) => !/^_(files\.jsonl|staging\.json|uses\/)/.test(name),
  );
  const hashes: Record<string, string> = {};
  for (const name of names) hashes[name] = sha256Of(await bytesOf(bucket, `${id}/${name}`));
  return hashes;
}

/** The number of uploads in parts in a bucket that are not complete, of keys that begin so. */
export async function uploadsOf({ client, name }: Bucket, prefix: string): Promise<number> {
  const command = new ListMultipartUploadsCommand({ Bucket: name, Prefix: prefix });
  return (await client.send(command)).Uploads?.length ?? 0;
}
