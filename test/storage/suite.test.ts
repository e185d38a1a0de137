import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { file } from "../../src/storage/file.ts";
import { createHttp } from "../../src/storage/http.ts";
import { locationOf } from "../../src/storage/location.ts";
import { createS3 } from "../../src/storage/s3.ts";
import { answerWell, startServer } from "../helpers/faulty-server.ts";
import { type Rgw, startRgw, whyNoRgw } from "../helpers/rgw.ts";
import { createBucket, endpointAt, keyFileText } from "../helpers/s3-bucket.ts";
import { storageLaws, type Subject } from "./laws.ts";

if (whyNoRgw !== undefined) process.stdout.write(`S3 is not read from: ${whyNoRgw}\n`);

const ends = new AsyncDisposableStack();
let subjects: Readonly<Record<"file" | "http" | "s3", Subject>>;

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), "sampler-storage-"));
  ends.defer(() => rm(directory, { recursive: true }));
  const s3 = whyNoRgw === undefined ? await ofBucket(directory) : ofDirectory(directory);
  subjects = { file: ofDirectory(directory), http: await ofServer(), s3 };
});
afterAll(() => ends.disposeAsync());

storageLaws("files", () => subjects.file, undefined);
storageLaws("a web server", () => subjects.http, undefined);
storageLaws("S3", () => subjects.s3, whyNoRgw);

function ofDirectory(directory: string): Subject {
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

async function ofBucket(directory: string): Promise<Subject> {
  const rgw: Rgw = ends.use(await startRgw());
  const bucket = await createBucket(rgw, "laws");
  const keyFile = join(directory, "keys.json");
  await writeFile(keyFile, keyFileText(rgw.keys));
  return {
    storage: createS3({ endpoints: { default: endpointAt(rgw.url, keyFile) } }),
    nowhere: locationOf("s3://laws/nowhere"),
    put: (name, bytes) => bucket.put(name, bytes),
  };
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
