import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { whyNoRgw } from "../helpers/rgw.ts";
import { type Bucket, createBucket } from "../helpers/s3-bucket.ts";
import { startSwift, whyNoSwift } from "../helpers/swift.ts";
import { keysOf, startTwoRegions, type TwoRegions, uploadsIn } from "./two-regions.ts";

const why = whyNoRgw ?? whyNoSwift;
if (why !== undefined) process.stdout.write(`nothing is sent between services: ${why}\n`);
const there = test.skipIf(why !== undefined);

const PART_BYTES = 5 * 1024 ** 2;
const big = randomBytes(2 * PART_BYTES + 1000);

const ends = new AsyncDisposableStack();
let here: TwoRegions;
let far: Bucket;
beforeAll(async () => {
  if (why !== undefined) return;
  here = ends.use(await startTwoRegions());
  const swift = ends.use(await startSwift());
  far = await createBucket(swift, "staging-far");
  await here.configure({ far: swift, staging: { partBytes: PART_BYTES } });
});
afterAll(() => ends.disposeAsync());

there(
  "a tree comes to another service through this machine, and lives there as elsewhere",
  async () => {
    const files = { "a b.csv": Buffer.from("a"), _SUCCESS: Buffer.alloc(0), "dir/big": big };
    for (const [name, bytes] of Object.entries(files)) await here.write(`tree/${name}`, bytes);
    const path = join(here.root, "tree");
    const done = await here.json("upload", path, "--regions", "east,far,west");
    const id = done["staging_id"] as string;
    expect(done).toMatchObject({ state: "complete", file_count: 3 });
    expect(await uploadsIn(far)).toBe(0);
    const target = join(here.root, "got");
    const got = await here.json("download", id, "--dest", target, "--region", "far");
    expect(got).toMatchObject({ region: "far", file_count: 3 });
    for (const [name, bytes] of Object.entries(files))
      expect((await readFile(join(target, name))).equals(bytes), name).toBe(true);
    const { expires_at } = await here.json("update", id, "--ttl", "2");
    expect(await here.json("info", id)).toMatchObject({ expires_at, state: "complete" });
    const back = await here.json("upload", target, "--regions", "far,east");
    expect(back).toMatchObject({ state: "complete", size_bytes: done["size_bytes"] });
    expect(await here.stage(["delete", id, "-y"])).toMatchObject({ code: 0 });
    expect([await keysOf(far, id), await keysOf(here.east, id)]).toEqual([[], []]);
  },
);

there(
  "a compressed file comes there as it is stored, in the parts that it was sent in",
  async () => {
    // It may become more than a part, and becomes less.
    const file = Buffer.from("a,b,c,1,2,3\n".repeat(1_000_000));
    const path = await here.write("rows.csv", file);
    const args = ["--regions", "east,far", "--compress", "zstd"];
    const done = await here.json("upload", path, ...args);
    const id = done["staging_id"] as string;
    expect(done).toMatchObject({ state: "complete", size_bytes: file.length });
    const key = `${id}/rows.csv.zst`;
    const [one, two] = await Promise.all(
      [here.east, far].map(({ client, name }) =>
        client.send(new HeadObjectCommand({ Bucket: name, Key: key })),
      ),
    );
    expect(one?.ETag).toMatch(/-1"$/);
    expect([two?.ETag, two?.ContentLength]).toEqual([one?.ETag, done["stored_bytes"]]);
    const target = join(here.root, "rows-got");
    await here.json("download", id, "--dest", target, "--region", "far");
    expect((await readFile(target)).equals(file)).toBe(true);
  },
);
