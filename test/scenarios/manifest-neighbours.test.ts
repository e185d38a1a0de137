import { execFileSync } from "node:child_process";
import { mkdir, rename, symlink } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld, type World } from "../helpers/world.ts";

type Make = (world: World, path: string) => Promise<unknown> | void;

const neighbours: Readonly<Record<string, readonly [name: string, make: Make]>> = {
  "a lock directory": ["processed.jsonl.lock", (_, path) => void mkdir(path)],
  "a link to the manifest": [
    "processed.jsonl.1",
    (world, path) => symlink(world.path("manifests/processed.jsonl"), path),
  ],
  "a link to nothing": ["processed-20260118.jsonl", (_, path) => symlink("nowhere", path)],
  "a FIFO": ["processed.jsonl.fifo", (_, path) => void execFileSync("mkfifo", [path])],
  "a directory of compressed generations": ["processed.jsonl.1.gz", (_, path) => mkdir(path)],
  "a directory beside its compressed twin": ["processed.jsonl.2", (_, path) => mkdir(path)],
};

test.each(Object.entries(neighbours))(
  "%s beside the manifest is left out, told once, and stops nothing",
  async (_what, [name, make]) => {
    await using world = await createWorld();
    await world.put("a.csv", "v\n1\n");
    await make(world, world.path(`manifests/${name}`));
    const first = await world.pass();
    expect(first.outcomes).toEqual({ "raw/a.csv": "sampled" });
    expect(first.events).toContainEqual(
      expect.objectContaining({ type: "skipped", names: [name] }),
    );

    await rename(
      world.path("manifests/processed.jsonl"),
      world.path("manifests/processed.jsonl.9"),
    );
    await world.put("b.csv", "v\n2\n");
    const second = await world.pass();
    expect(second.outcomes).toEqual({ "raw/b.csv": "sampled" });
    expect(second.summary).toMatchObject({ rejected: 0, errors: 0 });
    expect(second.events.filter(({ type }) => type === "skipped")).toEqual([]);

    const check = await world.run(["check", "--json"]);
    expect(check.code).toBe(0);
    expect(JSON.parse(check.stdout)).toMatchObject({
      notices: [{ path: world.path(`manifests/${name}`), notice: "no regular file, not read" }],
    });
    expect((await world.run(["audit"])).code).toBe(0);
  },
);

test("a manifest that is itself no regular file stays an error", async () => {
  await using world = await createWorld();
  await mkdir(world.path("manifests/processed.jsonl"), { recursive: true });
  const { summary, outcomes } = await world.pass();
  expect(summary.errors).toBe(1);
  expect(Object.values(outcomes)).toEqual(["error: MANIFEST_UNREADABLE"]);
});
