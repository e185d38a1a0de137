import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { compressFrameSync } from "lz4-napi";
import { expect, test } from "vitest";
import { ZipFile } from "yazl";
import type { Ran } from "../helpers/world.ts";
import { whyNoFaults } from "./fault.ts";
import { DATASET, emptyLake, type Lake } from "./lake.ts";

const reason = whyNoFaults();
if (reason !== undefined) process.stdout.write(`loading is not tried: ${reason}\n`);

const compressed = compressFrameSync(Buffer.from("id\n1\n"));

async function zip(name: string, content: Uint8Array): Promise<Uint8Array> {
  const file = new ZipFile();
  file.addBuffer(Buffer.from(content), name, { mtime: new Date(0) });
  file.end();
  return buffer(file.outputStream);
}

/** A pass in one thread, which may not load the LZ4 package: the first time, or ever (`1+`). */
async function passWithoutLz4(lake: Lake, when: string): Promise<Ran> {
  const maps = readFileSync("/proc/self/maps", "utf8");
  const [library = ""] = /\/\S*lz4-napi\S*\.node$/m.exec(maps) ?? [];
  const inject = ["-e", "trace=openat", "-e", `inject=openat:error=EMFILE:when=${when}`];
  const log = join(lake.root, "strace");
  const config = join(lake.root, "config.json");
  writeFileSync(config, JSON.stringify({ drain: { threads: 1 } }));
  const env = { STAGING_SAMPLER_CONFIG: config };
  const ran = await lake.pass(["strace", "-f", "-qq", "-P", library, ...inject, "-o", log], env);
  expect(readFileSync(log, "latin1")).toContain("(INJECTED)");
  return ran;
}

test.skipIf(reason !== undefined).each([
  ["a file", "a.csv.lz4", compressed],
  ["an archive with a file", "a.zip", await zip("b.csv.lz4", compressed)],
])("%s whose format cannot be loaded for now is tried again", async (_, name, content) => {
  const lake = emptyLake();
  try {
    lake.put(DATASET, name, content, 1);
    const ran = await passWithoutLz4(lake, "1+");
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/FILE_UNREADABLE: .*Too many open files/);
    expect(lake.samples()).toEqual({});
    expect((await lake.json("failures"))[0]?.["nextAt"]).not.toBeNull();
    await lake.command("retry");
    expect((await lake.command("run", "--once")).code).toBe(0);
    expect(Object.keys(lake.samples())).toHaveLength(1);
  } finally {
    lake.remove();
  }
});

test.skipIf(reason !== undefined)(
  "a format that could not be loaded once is loaded for the next file",
  async () => {
    const lake = emptyLake();
    try {
      for (const name of ["a.csv.lz4", "b.csv.lz4"]) lake.put(DATASET, name, compressed, 1);
      await passWithoutLz4(lake, "1");
      expect(Object.keys(lake.samples())).toEqual([`${DATASET}/samples/b_sample.csv.lz4`]);
    } finally {
      lake.remove();
    }
  },
);
