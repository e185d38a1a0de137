import { describe, expect, test } from "vitest";
import type { Strategy } from "../../src/formats/types.ts";
import { createStorages } from "../../src/storage/index.ts";
import { openRemote } from "../../src/storage/source.ts";
import { type ObjectServer, objectOf, startObjects } from "../helpers/range-server.ts";
import { defaultLimits, memorySource, type Result, sampleSource } from "../helpers/sample.ts";
import { spreadFiles } from "../helpers/spread-files.ts";

const storages = createStorages();
const { signal } = new AbortController();
const PARTS = 3;

async function sampled(server: ObjectServer, name: string, strategy: Strategy): Promise<Result> {
  const url = server.url("object");
  const { readBytes } = defaultLimits;
  const source = await openRemote(url, { storage: storages.of(url), name, readBytes, signal });
  try {
    return await sampleSource(source, { strategy });
  } finally {
    source.close();
  }
}

describe.each((await spreadFiles()).map((file) => [file.name, file] as const))(
  "%s",
  (_, { name, bytes }) => {
    test.each(["spread", "reservoir"] as const)("a %s is the same over HTTP", async (how) => {
      await using server = await startObjects(objectOf(bytes));
      const strategy = { name: how, parts: PARTS, seed: "a" };
      const { mtime: _mtime, ...here } = memorySource(name, bytes);
      expect(await sampled(server, name, strategy)).toEqual(await sampleSource(here, { strategy }));
    });

    test("a spread takes a request for each part", async () => {
      await using server = await startObjects(objectOf(bytes));
      const strategy = { name: "spread", parts: PARTS, seed: "a" } as const;
      expect(await sampled(server, name, strategy)).toMatchObject({
        summary: { strategy: "spread", rows: 100 },
      });
      // Of a Parquet also its metadata at the end.
      const most = name === "a.parquet" ? PARTS + 1 : PARTS;
      expect(server.asked.length).toBeLessThanOrEqual(most);
    });
  },
);
