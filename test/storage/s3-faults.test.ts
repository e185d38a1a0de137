import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Failure } from "../../src/errors.ts";
import { locationOf } from "../../src/storage/location.ts";
import { createS3 } from "../../src/storage/s3.ts";
import { s3Error } from "../../src/storage/s3-errors.ts";
import { type ReadRequest, Unavailable } from "../../src/storage/types.ts";
import { answerWell, type Served, startServer } from "../helpers/faulty-server.ts";
import { endpointAt, keyFileText } from "../helpers/s3-bucket.ts";

const url = locationOf("s3://bucket/orders.csv");
const body = randomBytes(100_000);
const etag = '"v1"';
const SECRET = "a-secret-key";

let directory: string;
let keyFile: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sampler-s3-"));
  keyFile = join(directory, "keys.json");
  await writeFile(keyFile, keyFileText({ accessKeyId: "AKID", secretAccessKey: SECRET }));
});
afterAll(() => rm(directory, { recursive: true }));

/** Reads from a store that answers so. */
async function readFrom(
  answer: NonNullable<Served["answer"]>,
  more: Partial<ReadRequest> = {},
  keys = keyFile,
) {
  const asked: { readonly path: string | undefined; readonly headers: IncomingHttpHeaders }[] = [];
  await using server = await startServer({
    body,
    etag,
    answer(n, request, response) {
      asked.push({ path: request.url, headers: request.headers });
      return answer(n, request, response);
    },
  });
  const storage = createS3({ endpoints: { default: endpointAt(new URL("/", server.url), keys) } });
  const { signal } = new AbortController();
  const request = { start: 0, version: undefined, stallMs: 60_000, signal, ...more };
  try {
    const reply = await storage.read(url, request);
    return { reply, asked, bytes: await buffer(reply.chunks) };
  } catch (error) {
    return { asked, error: error as Error & { code?: string; retryMs?: number } };
  }
}

/** An answer that is the same whatever is asked. */
function always(
  status: number,
  headers: OutgoingHttpHeaders,
  bytes: string | Buffer,
): NonNullable<Served["answer"]> {
  return (_n, _request, response) => {
    response.writeHead(status, headers).end(bytes);
    return true;
  };
}

const xml = (code: string, message = "") =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

test.each([
  [503, { "Retry-After": "7" }, xml("SlowDown"), 7000],
  [503, { "Retry-After": "7" }, "<html>a proxy's page", 7000],
  [503, {}, "", undefined],
  [500, {}, xml("InternalError"), undefined],
  [429, { "Retry-After": "1" }, "", 1000],
  [408, {}, "", undefined],
  [400, {}, xml("RequestTimeout"), undefined],
  [403, {}, xml("RequestTimeTooSkewed"), undefined],
])("%i %j %s may pass, and is not asked again here", async (status, headers, text, retryMs) => {
  const { error, asked } = await readFrom(always(status, headers, text));
  expect(error).toBeInstanceOf(Unavailable);
  expect(error?.retryMs).toBe(retryMs);
  expect(error?.message).toMatch(
    /^s3:\/\/bucket\/orders.csv: the store answers \d+( \w+)?(: this machine.s clock .*)?$/,
  );
  expect(asked).toHaveLength(1);
});

test.each([
  [404, xml("NoSuchKey"), "FILE_MISSING"],
  [404, xml("NoSuchBucket"), "FILE_MISSING"],
  [404, "<html>", "FILE_MISSING"],
  [403, xml("AccessDenied"), "FORBIDDEN"],
  [403, "", "FORBIDDEN"],
  [401, "", "FORBIDDEN"],
  [400, xml("ExpiredToken", "The provided token has expired."), "URL_EXPIRED"],
  [403, xml("AccessDenied", "Request has expired"), "URL_EXPIRED"],
  [400, xml("AuthorizationHeaderMalformed"), "UNREACHABLE"],
  [405, "", "UNREACHABLE"],
])("%i %s is %s", async (status, text, code) => {
  const { error, asked } = await readFrom(always(status, {}, text));
  expect(error).toBeInstanceOf(Failure);
  expect(error?.code).toBe(code);
  expect(error?.message).not.toMatch(/AKID|a-secret-key|127\.0\.0\.1/);
  const namesKeys = code === "FORBIDDEN" || code === "URL_EXPIRED";
  expect(error?.message.includes(`the credentials in ${keyFile}`)).toBe(namesKeys);
  expect(asked).toHaveLength(1);
});

test("a part of another version, which a store sends all the same, is not used", async () => {
  const answer: Served["answer"] = (_n, request, response) => {
    answerWell({ body, etag: '"v2"' }, request, response);
    return true;
  };
  const { error } = await readFrom(answer, { start: 5, version: etag });
  expect(error).toBeInstanceOf(Unavailable);
  expect(error?.message).toContain("another part was sent");
});

test.each([
  ["fewer", 100_000],
  ["more", 10],
])("%s bytes than the part said to have are noticed", async (_what, length) => {
  const answer: Served["answer"] = (_n, _request, response) => {
    const headers = { ETag: etag, "Content-Range": `bytes 5-${5 + length - 1}/200000` };
    // Without a length only the range says how many there are.
    response.writeHead(206, headers).write(body.subarray(0, 50_000));
    response.end();
    return true;
  };
  const { error } = await readFrom(answer, { start: 5, version: etag });
  expect(error).toBeInstanceOf(Unavailable);
  expect(error?.message).toMatch(/more was sent than was said|broke off 50000 bytes before/);
});

test.each(["head", "body"])("a store that stalls in its %s is unavailable", async (where) => {
  const answer: Served["answer"] = (_n, _request, response) => {
    if (where === "body") {
      response.writeHead(200, { ETag: etag, "Content-Length": body.length });
      response.write(body.subarray(0, 1000));
    }
    return true;
  };
  const { error } = await readFrom(answer, { stallMs: 200 });
  expect(error).toBeInstanceOf(Unavailable);
  expect(error?.message).toBe("s3://bucket/orders.csv: no byte for 200 ms");
});

test("the store's SHA-256 is asked for with all of an object, and is offered; that of parts is none", async () => {
  const sha256 = createHash("sha256").update(body);
  const [base64, hex] = [sha256.copy().digest("base64"), sha256.digest("hex")];
  const answering = (checksum: string) =>
    always(200, { ETag: etag, "x-amz-checksum-sha256": checksum }, body);
  const { reply, asked } = await readFrom(answering(base64));
  expect(reply?.offered).toEqual({ sha256: hex });
  expect(asked[0]?.headers["x-amz-checksum-mode"]).toBe("ENABLED");
  expect((await readFrom(answering(`${base64}-3`))).reply?.offered).toEqual({});
  const part = await readFrom(() => false, { start: 5, version: etag });
  expect(part.asked[0]?.headers["x-amz-checksum-mode"]).toBeUndefined();
  expect(part.asked[0]?.headers["if-match"]).toBe(etag);
  expect(part.asked[0]?.path).toBe("/bucket/orders.csv?x-id=GetObject");
});

test("an ETag is a version and no hash, were it the MD5", async () => {
  const md5 = createHash("md5").update(body).digest("hex");
  const { reply } = await readFrom(always(200, { ETag: `"${md5}"` }, body));
  expect(reply).toMatchObject({ version: `"${md5}"`, offered: {} });
});

test("what was kept encoded is the object, and can be gone on with; how it was sent is no encoding", async () => {
  const encoded = always(200, { ETag: etag, "Content-Encoding": "aws-chunked,gzip" }, body);
  const { reply, bytes } = await readFrom(encoded);
  expect(reply).toMatchObject({ encoding: "gzip", version: etag });
  expect(bytes?.equals(body)).toBe(true);
  const chunked = always(200, { ETag: etag, "Content-Encoding": "aws-chunked" }, body);
  expect((await readFrom(chunked)).reply?.encoding).toBeUndefined();
});

test.each([
  ["no file", undefined],
  ["no JSON", `${SECRET}\n`],
  ["no object", '"text"'],
  ["no keys", '{"accessKeyId": "AKID", "secretAccessKey": 5}'],
])("a key file that has %s is said, and not shown", async (_what, text) => {
  const path = join(directory, "wrong.json");
  await rm(path, { force: true });
  if (text !== undefined) await writeFile(path, text);
  const { error, asked } = await readFrom(() => false, {}, path);
  expect(error).toMatchObject({ code: "FORBIDDEN" });
  expect(error?.message).toContain(path);
  expect(error?.message).not.toMatch(/AKID|a-secret-key/);
  expect(asked).toEqual([]);
});

test("certificates are not tried again, connections are, and a fault of ours is neither", () => {
  const { signal } = new AbortController();
  const asked = { url, signal, credentials: "keys" };
  const withCode = (code: string) => Object.assign(new Error("it says why"), { code });
  expect(s3Error(withCode("DEPTH_ZERO_SELF_SIGNED_CERT"), asked)).toMatchObject({
    code: "UNREACHABLE",
  });
  expect(s3Error(withCode("ECONNREFUSED"), asked)).toBeInstanceOf(Unavailable);
  const fault = new TypeError("x is not a function");
  expect(s3Error(fault, asked)).toBe(fault);
});

test("credentials that are not there, or are over, are said; what a program printed of them is not", () => {
  const { signal } = new AbortController();
  const asked = { url, signal, credentials: "the credentials of profile ada" };
  const of = (message: string) =>
    s3Error(
      Object.assign(new Error(message), { name: "CredentialsProviderError" }),
      asked,
    ) as Failure;
  expect(of("a program printed a-secret-key")).toMatchObject({
    code: "FORBIDDEN",
    message: "s3://bucket/orders.csv: it needs the credentials of profile ada: there are none",
  });
  expect(of("The SSO session has expired").code).toBe("URL_EXPIRED");
});
