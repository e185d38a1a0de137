import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Endpoint } from "../../src/storage/endpoints.ts";
import { file } from "../../src/storage/file.ts";
import { createHttp } from "../../src/storage/http.ts";
import { locationOf } from "../../src/storage/location.ts";
import { createS3 } from "../../src/storage/s3.ts";
import { answerWell, startServer } from "../helpers/faulty-server.ts";
import type { ObjectStore } from "../helpers/object-store.ts";
import { startRgw, whyNoRgw } from "../helpers/rgw.ts";
import { createBucket, endpointAt, keyFileText } from "../helpers/s3-bucket.ts";
import { startSwift, whyNoSwift } from "../helpers/swift.ts";
import { storageLaws, type Subject } from "./laws.ts";

if (whyNoRgw !== undefined) process.stdout.write(`S3 is not read from Ceph: ${whyNoRgw}\n`);
if (whyNoSwift !== undefined) process.stdout.write(`S3 is not read from Swift: ${whyNoSwift}\n`);

const ends = new AsyncDisposableStack();
let directory: string;
const subjects = new Map<string, Subject>();
const endpoints = new Map<Subject, Endpoint>();
const subjectOf = (name: string) => () => subjects.get(name) as Subject;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sampler-storage-"));
  ends.defer(() => rm(directory, { recursive: true }));
  subjects.set("files", ofDirectory());
  subjects.set("a web server", await ofServer());
  if (whyNoRgw === undefined) subjects.set("Ceph", await ofStore(startRgw()));
  if (whyNoSwift === undefined) subjects.set("Swift", await ofStore(startSwift()));
});
afterAll(() => ends.disposeAsync());

storageLaws("files", subjectOf("files"), undefined);
storageLaws("a web server", subjectOf("a web server"), undefined);
storageLaws("S3, as Ceph speaks it", subjectOf("Ceph"), whyNoRgw);
storageLaws("S3, as Swift speaks it", subjectOf("Swift"), whyNoSwift);

test.skipIf(whyNoSwift !== undefined)("a store in another region says which", async () => {
  const swift = subjectOf("Swift")();
  const url = await swift.put("elsewhere", Buffer.from("x"));
  const endpoint = { ...(endpoints.get(swift) as Endpoint), region: "eu-north-1" };
  const { signal } = new AbortController();
  const request = { start: 0, version: undefined, stallMs: 60_000, signal };
  const elsewhere = createS3({ endpoints: { default: endpoint } });
  await expect(elsewhere.read(url, request)).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("its region is us-west-2"),
  });
});

function ofDirectory(): Subject {
  return {
    storage: file,
    nowhere: pathToFileURL(join(directory, "nowhere")),
    async put(name, bytes) {
      await writeFile(join(directory, name), bytes);
      return pathToFileURL(join(directory, name));
    },
  };
}

async function ofServer(): Promise<Subject> {
  const objects = new Map<string, Buffer>();
  const server = await startServer({
    body: Buffer.alloc(0),
    answer(_n, request, response) {
      const body = objects.get(request.url ?? "");
      if (body === undefined) response.writeHead(404).end();
      else answerWell({ body, etag: `"${sha256Of(body)}"` }, request, response);
      return true;
    },
  });
  ends.use(server);
  return {
    storage: createHttp(),
    nowhere: new URL("/nowhere", server.url),
    put(name, bytes) {
      objects.set(`/${name}`, bytes);
      return Promise.resolve(new URL(`/${name}`, server.url));
    },
  };
}

async function ofStore(starting: Promise<ObjectStore>): Promise<Subject> {
  const store = ends.use(await starting);
  const bucket = await createBucket(store, "laws");
  const keyFile = join(directory, `${store.url.port}.json`);
  await writeFile(keyFile, keyFileText(store.keys));
  const endpoint = endpointAt(store.url, keyFile, store.region);
  const subject: Subject = {
    storage: createS3({ endpoints: { default: endpoint } }),
    nowhere: locationOf("s3://laws/nowhere"),
    put: (name, bytes) => bucket.put(name, bytes),
  };
  endpoints.set(subject, endpoint);
  return subject;
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
