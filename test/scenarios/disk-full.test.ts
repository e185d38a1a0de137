import { execFileSync } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, DATASET, rows, run } from "../helpers/world.ts";

const program = join(import.meta.dirname, "../../src/main.ts");

function canMount(): boolean {
  try {
    execFileSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("a full disk makes its dataset wait, half-writes nothing, and all is done once there is room", async (context) => {
  if (!canMount()) context.skip("no file system of a few KiB can be mounted here (needs root)");
  await using world = await createWorld();
  for (let i = 0; i < 40; i += 1) await world.put(`${i}.csv`, rows(100));
  await world.put("other.csv", rows(100), { dataset: "acme/other/v1" });
  await mkdir(world.path("samples"), { recursive: true });
  await mkdir(join(world.root, "kept"));
  // The samples are on a file system of 24 KiB, which only these commands see.
  const script = `
    mount -t tmpfs -o size=24k none "$SAMPLES"
    "$NODE" "$PROGRAM" run --once --json >"$KEPT/first.json" 2>"$KEPT/first.txt"
    echo $? >"$KEPT/first.code"
    cp -a "$SAMPLES/." "$KEPT/samples" 2>/dev/null || { mkdir "$KEPT/samples" && cp -a "$SAMPLES/." "$KEPT/samples"; }
    mount -o remount,size=8m "$SAMPLES"
    "$NODE" "$PROGRAM" run --once --json >"$KEPT/second.json" 2>"$KEPT/second.txt"
    echo $? >"$KEPT/second.code"
    cp -a "$SAMPLES" "$KEPT/all"`;
  const kept = join(world.root, "kept");
  const env = {
    SAMPLES: world.path("samples"),
    NODE: process.execPath,
    PROGRAM: program,
    KEPT: kept,
  };
  world.close();
  const ran = await run(["unshare", "-m", "bash", "-c", script], world.config, { env });
  expect(ran).toMatchObject({ code: 0 });

  const files = await world.snapshot(kept);
  const text = (name: string) => files.get(name)?.text ?? "";
  expect(text("first.code")).toBe("3\n");
  expect(text("first.txt")).toMatch(/waits: .*OUTPUT_FULL: .*make room/);
  expect(JSON.parse(text("first.json"))).toMatchObject({ paused: 1, failed: 0 });
  const samplesIn = (folder: string) =>
    [...files].filter(([name]) => name.startsWith(`${folder}/`) && name.endsWith(".csv"));
  expect(samplesIn("samples").length).toBeLessThan(40);
  expect([...files.keys()].filter((name) => name.includes(".ss-"))).toEqual([]);

  expect(text("second.code")).toBe("0\n");
  expect(text("second.txt")).toBe("");
  expect(samplesIn("all")).toHaveLength(40);
  for (const [name, { text: sample }] of [...samplesIn("samples"), ...samplesIn("all")]) {
    expect(sample, name).toBe(rows(100));
  }
  const raws = text("all/_receipts.jsonl")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { raw: string }).raw);
  expect(new Set(raws).size).toBe(40);
  expect(world.rows().filter(({ dataset }) => dataset === DATASET)).toHaveLength(40);
  expect(world.rows().filter(({ outcome, waiting }) => outcome !== "sampled" || waiting)).toEqual(
    [],
  );
});

test("a directory that cannot be written makes its dataset wait with a hint, and no other", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.put("other.csv", rows(3), { dataset: "acme/other/v1" });
  await world.write("samples", "a file where the directory should be");
  const { summary, outcomes } = await world.pass();
  expect(outcomes).toMatchObject({
    "raw/other.csv": "sampled",
    [DATASET]: expect.stringMatching(/OUTPUT_UNWRITABLE/),
  });
  expect(summary).toMatchObject({ sampled: 1, failed: 0 });
  await rm(world.path("samples"));
  expect((await world.pass()).summary).toMatchObject({ sampled: 1, paused: 0, errors: 0 });
});
