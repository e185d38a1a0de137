import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBucket } from "../../src/storage/s3-bucket.ts";

const { signal } = new AbortController();
const at = new Date("2026-11-30T10:00:00Z");
const keys = { accessKeyId: "AKID", secretAccessKey: "secret" };

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sampler-sign-"));
});
afterAll(() => rm(root, { recursive: true }));

async function bucketAt(url: string, pathStyle: boolean, credentials: object) {
  const keyFile = join(root, "keys.json");
  await writeFile(keyFile, JSON.stringify(credentials));
  const endpoint = { url, region: "eu-west-1", pathStyle, credentials: { keyFile } };
  return await openBucket({ endpoint, name: "bucket", retries: 0, stallMs: 1000, signal });
}

test.each([
  ["http://127.0.0.1:9000/", true, keys],
  ["https://s3.eu-west-1.amazonaws.com", false, keys],
  ["https://store.example.org/s3/", true, { ...keys, sessionToken: "to/ken+==" }],
])("objects at %s are signed as the SDK signs them", async (endpoint, pathStyle, credentials) => {
  const bucket = await bucketAt(endpoint, pathStyle, credentials);
  const usual = { endpoint, region: "eu-west-1", forcePathStyle: pathStyle, credentials };
  const client = new S3Client({
    ...usual,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  for (const key of ["a", "stage-1/-a b/'c' \"d\"/ä\\{+}*(!)~_.-=&?#%20", "/a//b/"]) {
    const own = new URL(await bucket.sign(key, { at, seconds: 3600 }));
    const command = new GetObjectCommand({ Bucket: "bucket", Key: key });
    const options = { signingDate: at, expiresIn: 3600 };
    const theirs = new URL(await getSignedUrl(client, command, options));
    expect(own.origin + own.pathname).toBe(theirs.origin + theirs.pathname);
    expect([...own.searchParams].toSorted()).toEqual([...theirs.searchParams].toSorted());
    expect(own.href).toMatch(/^[!-~]+$/);
    expect(own.href).not.toMatch(/['"\\]/);
  }
});
