import { beforeAll, describe, expect, test, vi } from "vitest";
import { Failure } from "../../src/errors.ts";
import type { Limits } from "../../src/lib/limits.ts";
import type { Source } from "../../src/lib/source.ts";
import { createStorages } from "../../src/storage/index.ts";
import { openRemote, type RemoteSource } from "../../src/storage/source.ts";
import { largeObjects } from "../helpers/large-objects.ts";
import { type ObjectServer, objectOf, startObjects } from "../helpers/range-server.ts";
import {
  allFixtures,
  defaultLimits,
  memorySource,
  requestFor,
  type Result,
  sampleSource,
} from "../helpers/sample.ts";

const MIB = 1024 ** 2;
const limitSets: readonly Partial<Limits>[] = [
  {},
  { rows: 3 },
  { rows: 7, bytes: 100_000, recordBytes: 50_000, members: 1 },
];
const storages = createStorages();
const never = new AbortController().signal;
const objects = (await largeObjects()).map((object) => [object.name, object] as const);

async function open(server: ObjectServer, name: string, signal = never): Promise<RemoteSource> {
  const url = server.url("object");
  const { readBytes } = defaultLimits;
  return openRemote(url, { storage: storages.of(url), name, readBytes, signal });
}

/** Samples what a server has, as a job does: what cannot be opened has failed, too. */
async function sampled(
  server: ObjectServer,
  name: string,
  limits: Partial<Limits> = {},
): Promise<Result & { readonly readBytes?: number }> {
  let source: RemoteSource | undefined;
  try {
    source = await open(server, name);
    const result = await sampleSource(source, { limits });
    return { ...result, readBytes: source.readBytes() };
  } catch (error) {
    if (error instanceof Failure) return { kind: "failed", code: error.code };
    throw error;
  } finally {
    source?.close();
    await nothingIsOpen(server);
  }
}

function nothingIsOpen(server: ObjectServer): Promise<void> {
  return vi.waitFor(() => expect(server.open()).toBe(0));
}

/** The same bytes here; a server says no mtime. */
function here(name: string, bytes: Uint8Array): Source {
  const { mtime: _, ...source } = memorySource(name, bytes);
  return source;
}

test("every fixture has the sample that it has as a file", async () => {
  await using server = await startObjects(objectOf(Buffer.of()));
  for (const { path, name, bytes } of allFixtures()) {
    server.serve(objectOf(bytes));
    const { readBytes: _, ...result } = await sampled(server, name);
    expect(result, path).toEqual(await sampleSource(here(name, bytes)));
  }
  expect(server.asked.length).toBe(allFixtures().length);
});

describe.concurrent.each(objects)("%s", (_, { name, bytes, requests }) => {
  let asked: number;
  let whole: Result;

  beforeAll(async () => {
    whole = await sampleSource(here(name, bytes));
    await using server = await startObjects(objectOf(bytes));
    await sampled(server, name);
    asked = server.asked.length;
  });

  test.each(limitSets)("is sampled alike over HTTP, with limits %o", async (limits) => {
    await using server = await startObjects(objectOf(bytes));
    const { readBytes = Infinity, ...result } = await sampled(server, name, limits);
    expect(result).toEqual(await sampleSource(here(name, bytes), { limits }));
    expect(server.asked.length).toBeLessThanOrEqual(requests);
    expect(readBytes).toBeLessThanOrEqual(Math.min(server.sent(), bytes.length + MIB));
  });

  test("is sampled alike where a server sends fewer bytes than it is asked for", async () => {
    await using server = await startObjects(objectOf(bytes, { most: 100_000 }));
    expect(await sampled(server, name)).toMatchObject(whole);
  });

  test("is sampled alike where each answer but the first breaks off", async () => {
    await using server = await startObjects(
      objectOf(bytes, {
        answer(n, { headers }, response) {
          if (n % 2 === 0 || n > 3) return false;
          const [start = 0, last = 0] = /(\d+)-(\d+)/.exec(headers.range ?? "")?.slice(1) ?? [];
          const end = Math.min(Number(last) + 1, bytes.length);
          response.writeHead(206, {
            ETag: '"v1"',
            "Content-Range": `bytes ${start}-${end - 1}/${bytes.length}`,
            "Content-Length": end - Number(start),
          });
          const half = (Number(start) + end) >> 1;
          response.write(bytes.subarray(Number(start), half), () => response.destroy());
          return true;
        },
      }),
    );
    expect(await sampled(server, name)).toMatchObject(whole);
  });

  test("fails where it changes between two requests", async () => {
    for (let at = 1; at < asked; at += 1) {
      await using server = await startObjects(
        objectOf(bytes, {
          answer(n) {
            if (n === at) server.serve(objectOf(bytes, { etag: '"v2"' }));
            return false;
          },
        }),
      );
      // The change is seen by the request after it.
      if (at + 1 >= asked) break;
      expect(await sampled(server, name)).toMatchObject({ kind: "failed", code: "FILE_CHANGED" });
    }
  });

  test("passes on an abort, and what a server refuses, and leaves nothing open", async () => {
    for (let at = 0; at < asked; at += 1) {
      const controller = new AbortController();
      const reason = new Error("stopped from outside");
      await using server = await startObjects(
        objectOf(bytes, {
          answer(n) {
            if (n === at) controller.abort(reason);
            return n === at;
          },
        }),
      );
      const sampling = async (): Promise<void> => {
        const source = await open(server, name, controller.signal);
        try {
          const request = requestFor(source, { signal: controller.signal });
          const found = await request.recognise(request);
          const sample = found.format.sample(request, found);
          while ((await sample.next()).done !== true);
        } finally {
          source.close();
        }
      };
      await expect(sampling()).rejects.toBe(reason);
      await nothingIsOpen(server);

      await using refusing = await startObjects(
        objectOf(bytes, {
          answer: (n, _request, response) => n >= at && response.writeHead(403).end() !== undefined,
        }),
      );
      expect(await sampled(refusing, name)).toMatchObject({ kind: "failed", code: "FORBIDDEN" });
    }
  });
});
