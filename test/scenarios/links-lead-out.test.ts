import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld } from "../helpers/world.ts";

test("a samples directory that is a link out of the lake is left as it is", async () => {
  await using world = await createWorld();
  const outside = join(world.root, "outside");
  await mkdir(outside);
  await writeFile(join(outside, ".ss-0123456789abcdef.tmp"), "x");
  await writeFile(join(outside, "_receipts.jsonl"), "not ended by a line feed");
  await world.put("a.csv", "v\n1\n");
  await world.manifest("not JSON\n");
  await symlink(outside, world.path("samples"));
  const { summary } = await world.pass();
  expect(summary.errors).toBe(1);
  expect((await readdir(outside)).toSorted()).toEqual([
    ".ss-0123456789abcdef.tmp",
    "_receipts.jsonl",
  ]);
  expect(await readFile(join(outside, "_receipts.jsonl"), "utf8")).toBe("not ended by a line feed");
});

test("a directory of the mirror layout that is a link out of samples gets no sample", async () => {
  await using world = await createWorld({ sample: { layout: "mirror" } });
  const outside = join(world.root, "outside");
  await mkdir(outside);
  await world.write("samples/_receipts.jsonl", "");
  await symlink(outside, world.path("samples/sub"));
  await world.put("sub/a.csv", "v\n1\n");
  await world.pass();
  expect(await readdir(outside)).toEqual([]);
  expect(world.row("raw/sub/a.csv")).toMatchObject({ outcome: "failed", code: "PATH_REFUSED" });
});

test("a manifest that is a link is not read, and nothing of it is told", async () => {
  await using world = await createWorld();
  const secret = join(world.root, "secret");
  await writeFile(secret, "a secret line\n");
  await mkdir(world.path("manifests"), { recursive: true });
  await symlink(secret, world.path("manifests/processed.jsonl"));
  const { events } = await world.pass();
  expect(events).toMatchObject([{ type: "error", code: "MANIFEST_UNREADABLE" }]);
  expect(JSON.stringify(events)).not.toContain("secret line");
});
