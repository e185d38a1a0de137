import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, rows, run, type World } from "../helpers/world.ts";

const program = join(import.meta.dirname, "../../src/main.ts");
const FILES = 300;
/** Room that is left beside an empty cache, KiB: too little for its log, its rows, their outcomes. */
const ROOM = (process.env["FULL_KIB"] ?? "64").split(",").map(Number);
/** Mounts a disk for the state that holds an empty cache, and has so much room left, in KiB. */
const NEARLY_FULL = `nearly_full() {
  mount -t tmpfs -o size=64m none "$STATE"
  mv "$MANIFEST" "$KEPT/manifest"
  "$NODE" "$PROGRAM" run --once >"$KEPT/empty"
  mv "$KEPT/manifest" "$MANIFEST"
  used=$(df -k --output=used "$STATE" | tail -n 1)
  mount -o "remount,size=$((used + $1))k" "$STATE"
}`;

function canMount(): boolean {
  try {
    execFileSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Runs a script in which mounts are its own; what it keeps in `$KEPT` is resolved, by name. */
async function inMounts(world: World, script: string): Promise<Record<string, string>> {
  world.close();
  const kept = join(world.root, "kept");
  await mkdir(kept);
  const env = {
    STATE: world.settings().state,
    NODE: process.execPath,
    PROGRAM: program,
    MANIFEST: world.path("manifests/processed.jsonl"),
    KEPT: kept,
  };
  const ran = await run(["unshare", "-m", "bash", "-c", script], world.config, { env });
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  const names = readdirSync(kept);
  const texts = await Promise.all(names.map((name) => readFile(join(kept, name), "utf8")));
  return Object.fromEntries(names.map((name, i) => [name, texts[i] as string]));
}

test("with a state directory that may only be read nothing is done, and that is said; looking is fine", async (context) => {
  if (!canMount()) context.skip("nothing can be mounted here (needs root)");
  await using world = await createWorld();
  await world.put("a.csv", rows(5));
  await world.pass();
  world.close();
  await world.put("b.csv", rows(5));
  const before = await world.snapshot();
  const kept = await inMounts(
    world,
    `
    mount --bind "$STATE" "$STATE" && mount -o remount,bind,ro "$STATE"
    "$NODE" "$PROGRAM" run --once >"$KEPT/once" 2>"$KEPT/once.err"; echo $? >"$KEPT/once.code"
    "$NODE" "$PROGRAM" run >"$KEPT/run" 2>"$KEPT/run.err"; echo $? >"$KEPT/run.code"
    "$NODE" "$PROGRAM" list --json >"$KEPT/list" 2>"$KEPT/list.err"; echo $? >"$KEPT/list.code"
    "$NODE" "$PROGRAM" audit --json >"$KEPT/audit" 2>"$KEPT/audit.err"; echo $? >"$KEPT/audit.code"
    `,
  );
  for (const command of ["once", "run"]) {
    expect(kept[`${command}.err`]).toMatch(
      /CACHE_UNUSABLE: .*\.staging-sampler.*check owner, mode/,
    );
    expect(kept[`${command}.code`]).toBe("1\n");
    expect(kept[command]).toBe("");
  }
  expect(kept).toMatchObject({ "list.code": "0\n", "list.err": "", "audit.code": "0\n" });
  expect(JSON.parse(kept["list"] ?? "")).toMatchObject([{ raw: "raw/a.csv" }]);
  expect(await world.snapshot()).toEqual(before);
  const once = await world.run(["run", "--once", "--json"]);
  expect(JSON.parse(once.stdout)).toMatchObject({ sampled: 1 });
});

test.for(ROOM)(
  "a cache whose disk has %i KiB left ends the pass with an error, and once there is room all is done",
  async (room, { skip }) => {
    if (!canMount()) skip("no file system of a few KiB can be mounted here (needs root)");
    await using world = await createWorld();
    await configureState(world);
    for (let i = 0; i < FILES; i += 1)
      await world.put(`${"long/".repeat(20)}${i}.csv`, rows(i % 9));
    const kept = await inMounts(
      world,
      `
      ${NEARLY_FULL}
      nearly_full ${room}
      "$NODE" "$PROGRAM" run --once --json >"$KEPT/full" 2>"$KEPT/full.err"; echo $? >"$KEPT/full.code"
      mount -o remount,size=64m "$STATE"
      "$NODE" "$PROGRAM" run --once --json >"$KEPT/room" 2>"$KEPT/room.err"; echo $? >"$KEPT/room.code"
      "$NODE" "$PROGRAM" audit --json >"$KEPT/audit" 2>"$KEPT/audit.err"; echo $? >"$KEPT/audit.code"
      ls "$STATE" >"$KEPT/state"
      `,
    );
    expect(kept["full.err"]).toMatch(/CACHE_UNUSABLE|SQLITE_FULL|SQLITE_IOERR|disk is full/);
    expect(kept["full.code"]).toBe("1\n");
    expect(kept["full"]).toBe("");
    expect(kept).toMatchObject({ "room.code": "0\n", "audit.code": "0\n" });
    expect(kept["room.err"]).not.toMatch(/moved aside/);
    expect(kept["state"]).not.toContain("broken");
    const [audited] = JSON.parse(kept["audit"] ?? "") as { counts: object }[];
    expect(audited?.counts).toMatchObject({ ok: FILES, missing: 0, lost: 0, orphan: 0 });
  },
);

test("under a daemon a full cache is an error in its log, and once there is room all is done", async (context) => {
  if (!canMount()) context.skip("no file system of a few KiB can be mounted here (needs root)");
  await using world = await createWorld({ schedule: "* * * * * *" });
  await configureState(world, { schedule: "* * * * * *" });
  for (let i = 0; i < FILES; i += 1) await world.put(`${"long/".repeat(20)}${i}.csv`, rows(i % 9));
  const kept = await inMounts(
    world,
    `
    ${NEARLY_FULL}
    nearly_full ${ROOM[0]}
    : >"$KEPT/log"
    "$NODE" "$PROGRAM" run >"$KEPT/log" 2>"$KEPT/log.err" &
    daemon=$!
    until grep -q '"pass failed"' "$KEPT/log" || ! kill -0 $daemon 2>"$KEPT/gone"; do sleep 0.1; done
    mount -o remount,size=64m "$STATE"
    until "$NODE" "$PROGRAM" audit --json >"$KEPT/audit" 2>"$KEPT/audit.err" &&
      grep -q '"ok": ${FILES}' "$KEPT/audit" || ! kill -0 $daemon 2>"$KEPT/gone"; do sleep 0.1; done
    kill -TERM $daemon
    wait $daemon
    echo $? >"$KEPT/code"
    `,
  );
  const failed = (kept["log"] ?? "").split("\n").filter((line) => line.includes('"pass failed"'));
  expect(failed.length).toBeGreaterThan(0);
  for (const line of failed) expect(line).toMatch(/"code":"SQLITE_(FULL|IOERR\w*)"/);
  expect(kept["audit"]).toContain(`"ok": ${FILES}`);
  expect(kept["code"]).toBe("0\n");
});

/** The cache in a directory of its own, on which something is mounted. */
async function configureState(world: World, config: object = {}): Promise<void> {
  const state = join(world.root, "state");
  await mkdir(state);
  await world.configure({ state, ...config });
}
