import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listEntries } from "../../src/store/sqlite/queries/list.ts";
import { openCacheToRead } from "../../src/store/sqlite/open.ts";
import { createWorld, DATASET, rows, run, type World } from "../helpers/world.ts";

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
  expect(text("second.txt")).not.toMatch(/waits|failed/);
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

/** Has lake and state share a file system of 900 KiB, which only `commands` see, and fills it. */
async function onFullDisk(world: World, commands: string): Promise<string> {
  for (let i = 0; i < 40; i += 1) await world.put(`${i}.csv`, rows(100));
  const kept = join(world.root, "kept");
  await mkdir(kept);
  const limited = { prefix: world.prefix, schedule: "* * * * * *", retention: { maxFiles: 10 } };
  await writeFile(join(kept, "limited.yaml"), JSON.stringify(limited));
  const script = `
    cp -a "$LAKE" "$KEPT/before"
    mount -t tmpfs -o size=900k none "$LAKE" && cp -a "$KEPT/before/." "$LAKE"
    sampler() { "$NODE" "$PROGRAM" "$@"; }
    fill() { dd if=/dev/zero of="$LAKE/filler" bs=4096 2>/dev/null; printf x 2>/dev/null >>"$LAKE/filler"; }
    ${commands}
    ls "$LAKE/${DATASET}/samples" | grep -c _sample >"$KEPT/samples"
    cp -a "$LAKE/.staging-sampler" "$KEPT/state"
    cp -a "$LAKE/${DATASET}/samples/_receipts.jsonl" "$KEPT"`;
  const env = { LAKE: world.prefix, NODE: process.execPath, PROGRAM: program, KEPT: kept };
  world.close();
  const ran = await run(["unshare", "-m", "bash", "-c", script], world.config, { env });
  expect(ran).toMatchObject({ code: 0 });
  return kept;
}

/** Outcome → how many, as the cache says. */
function outcomesIn(state: string): Record<string, number> {
  const db = openCacheToRead(state);
  const all = [...listEntries(db, {})].map(({ outcome }) => String(outcome));
  db.close();
  const groups = [...Map.groupBy(all, (outcome) => outcome)];
  return Object.fromEntries(groups.map(([outcome, { length }]) => [outcome, length]));
}

test.for(["prune", "run --once"])(
  "%s makes room on a disk without a free byte that lake and state share, and notes what went",
  async (command, context) => {
    if (!canMount()) context.skip("no small file system can be mounted here (needs root)");
    await using world = await createWorld();
    const kept = await onFullDisk(
      world,
      `sampler run --once; fill; sampler ${command} --config "$KEPT/limited.yaml" --json >"$KEPT/said"`,
    );
    const text = (name: string) => readFileSync(join(kept, name), "utf8");
    expect(text("samples")).toBe("10\n");
    expect(outcomesIn(join(kept, "state"))).toEqual({ sampled: 10, pruned: 30 });
    const pruned = text("_receipts.jsonl").split('"outcome":"pruned"').length - 1;
    expect(pruned).toBe(30);
  },
);

test("a daemon whose disk is full makes room by retention, though the cache cannot take new lines before, and goes on", async (context) => {
  if (!canMount()) context.skip("no small file system can be mounted here (needs root)");
  await using world = await createWorld();
  const never = { prefix: world.prefix, schedule: "0 0 29 2 *", watch: false };
  await writeFile(join(world.root, "config.now"), JSON.stringify(never));
  const kept = await onFullDisk(
    world,
    `sampler run --once
    : >"$KEPT/log"
    trap 'kill -KILL $daemon' EXIT
    LOG_LEVEL=debug "$NODE" "$PROGRAM" run --config "$KEPT/../config.now" >"$KEPT/log" & daemon=$!
    logged() { grep -qm1 "$1" <(tail --pid=$daemon -n +1 -f "$KEPT/log"); }
    logged '"msg":"pass"'
    cd "$LAKE/${DATASET}"
    for i in 1 2 3; do
      cp bronze/1.csv bronze/new$i.csv
      echo '{"raw":"raw/new'$i'.csv","bronze":"bronze/new'$i'.csv","mtime":1}' >>manifests/processed.jsonl
    done
    fill
    cp "$KEPT/limited.yaml" "$KEPT/../config.now"
    kill -HUP $daemon
    logged '"sample":"new3_sample.csv"'
    kill $daemon; wait $daemon; echo $? >"$KEPT/code"`,
  );
  const log = readFileSync(join(kept, "log"), "utf8");
  expect(log).toMatch(/"files":30,.*"msg":"samples pruned"/);
  expect(readFileSync(join(kept, "code"), "utf8")).toBe("0\n");
  // SQLite writes over what its log held before a checkpoint: where that was enough, nothing was refused.
  if (!log.includes("SQLITE_FULL")) context.skip("the cache had room left in its write-ahead log");
  expect(log).toMatch(/SQLITE_FULL.*"msg":"pass failed"/);
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
