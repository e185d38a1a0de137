import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { PassSummary } from "../../src/store/types.ts";
import { rows, run } from "../helpers/world.ts";
import { DATASET, emptyLake, type Lake, OTHER, program } from "./lake.ts";

/** Limits of each kind that are tried; `FAULTS=1000` tries all, in four minutes. */
const COUNT = Math.ceil(Number(process.env["FAULTS"] ?? 10) / 10);

/** As `failures --json` shows it. */
interface Failure {
  readonly code: string;
  readonly message: string;
  readonly nextAt: string | null;
}

const lakes: Lake[] = [];
afterAll(() => {
  for (const lake of lakes) lake.remove();
});

function newLake(): Lake {
  const lake = emptyLake();
  lakes.push(lake);
  return lake;
}

function whyNoLimits(): string | undefined {
  return spawnSync("prlimit", ["--version"]).status === 0 ? undefined : "there is no prlimit";
}

function whyNoMount(): string | undefined {
  const tried = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]);
  return tried.status === 0 ? undefined : "no file system can be mounted here (needs root)";
}

/** As many numbers from `first` to `last` as are to be tried, none of them at the ends. */
function range(first: number, last: number, step: number): readonly number[] {
  const all = Array.from({ length: (last - first) / step + 1 }, (_, i) => first + i * step);
  const count = Math.min(COUNT, all.length);
  return Array.from(
    { length: count },
    (_, i) => all[Math.floor(((i + 0.4) * all.length) / count)] as number,
  );
}

/** No file is given up for what our side or the storage did to it. */
async function expectNothingGivenUp(lake: Lake, where: string): Promise<void> {
  const { code, stdout } = await lake.command("failures", "--json");
  const failures = code === 0 ? (JSON.parse(stdout) as Failure[]) : [];
  const givenUp = failures.filter(({ nextAt }) => nextAt === null);
  expect([...new Set(givenUp.map((each) => `${each.code}: ${each.message}`))], where).toEqual([]);
}

async function expectAllDone(lake: Lake, files: number, where: string): Promise<void> {
  await lake.command("retry");
  const next = await lake.command("run", "--once", "--json");
  expect(next.code, `${where}: ${next.stderr}`).toBe(0);
  expect((await lake.command("audit")).code, where).toBe(0);
  const entries = await lake.json("list", "--outcome", "sampled");
  expect(entries.length, where).toBe(files);
}

const noLimits = whyNoLimits();
if (noLimits !== undefined) process.stdout.write(`limits are not tried: ${noLimits}\n`);

test.skipIf(noLimits !== undefined)(
  "however few files may be open, no file is given up, and all is done once there may be more",
  async () => {
    let limited = 0;
    // Node itself does not start with fewer than 20; with 40 nothing is missing any more.
    for (const limit of range(21, 38, 1)) {
      const lake = newLake();
      for (let i = 0; i < 300; i += 1) lake.put(`acme/d${i}/v1`, "a.csv", "id\n1\n", 1);
      const where = `${limit} open files`;
      const { code, stderr } = await lake.pass(["prlimit", `--nofile=${limit}:${limit}`]);
      if (code !== 0) {
        limited += 1;
        expect(stderr, where).not.toBe("");
      }
      if (existsSync(join(lake.prefix, ".staging-sampler/cache.db"))) {
        await expectNothingGivenUp(lake, where);
      }
      await expectAllDone(lake, 300, where);
      lake.remove();
    }
    expect(limited).toBeGreaterThan(0);
  },
  600_000,
);

test.skipIf(noLimits !== undefined)(
  "a file size limit that cuts samples or the cache loses nothing",
  async () => {
    let limited = 0;
    for (const kib of range(4, 160, 4)) {
      const lake = newLake();
      for (let i = 0; i < 20; i += 1) lake.put(DATASET, `${i}.csv`, rows(100), 1);
      lake.put(DATASET, "large.csv", `v\n${`${"x".repeat(1500)}\n`.repeat(100)}`, 1);
      const where = `files of at most ${kib} KiB`;
      const { code, stderr } = await lake.pass(["prlimit", `--fsize=${kib * 1024}`]);
      if (code !== 0) {
        limited += 1;
        expect(stderr, where).not.toBe("");
      }
      await expectNothingGivenUp(lake, where);
      await expectAllDone(lake, 21, where);
      lake.remove();
    }
    expect(limited).toBeGreaterThan(0);
  },
  600_000,
);

test.skipIf(noLimits !== undefined)(
  "receipts that could only be written in part are taken back, and written with the next pass",
  async () => {
    const lake = newLake();
    lake.put(DATASET, "a.csv", "id\n1\n", 1);
    await lake.command("run", "--once");
    const receipts = lake.path("samples/_receipts.jsonl");
    // More than the cache needs, so that the limit meets nothing else.
    const [receipt = ""] = readFileSync(receipts, "utf8").split("\n");
    appendFileSync(receipts, `${receipt}\n`.repeat(4000));
    const { size } = statSync(receipts);
    for (const room of [1, 100, 700]) {
      lake.put(DATASET, `${room}.csv`, "id\n1\n", 1);
      lake.put(DATASET, `${room}-2.csv`, "id\n1\n", 1);
      const { code, stderr } = await lake.pass(["prlimit", `--fsize=${size + room}`]);
      expect(code).toBe(3);
      expect(stderr).toMatch(/OUTPUT_UNWRITABLE: .*EFBIG/);
      expect(statSync(receipts).size).toBe(size);
    }
    await expectAllDone(lake, 7, "receipts");
    const raws = readFileSync(receipts, "utf8").trimEnd().split("\n").map(rawOf);
    expect(new Set(raws).size).toBe(7);
  },
);

function rawOf(line: string): unknown {
  return (JSON.parse(line) as { raw: unknown }).raw;
}

const noMount = whyNoMount();
if (noMount !== undefined) process.stdout.write(`full file systems are not tried: ${noMount}\n`);

/** Runs a pass with a full file system on `full`, then one with room, both seen by nobody else. */
const full = `
  mount -t tmpfs -o size="$SIZE" none "$FULL"
  "$NODE" "$PROGRAM" run --once --json --prefix "$PREFIX" >"$KEPT/first.json" 2>"$KEPT/first.txt"
  echo $? >"$KEPT/first.code"
  "$NODE" "$PROGRAM" failures --json --prefix "$PREFIX" >"$KEPT/failures.json" 2>"$KEPT/failures.txt"
  mount -o remount,size=64m "$FULL"
  "$NODE" "$PROGRAM" run --once --json --prefix "$PREFIX" >"$KEPT/next.json" 2>"$KEPT/next.txt"
  echo $? >"$KEPT/next.code"
  "$NODE" "$PROGRAM" audit --json --prefix "$PREFIX" >"$KEPT/audit.json"
  echo $? >"$KEPT/audit.code"
  find "$PREFIX" -name ".ss-*" >"$KEPT/temporary"`;

test.skipIf(noMount !== undefined).each([
  ["the cache", ".staging-sampler", 8, 260],
  ["samples and receipts", `${DATASET}/samples`, 4, 120],
])(
  "a full file system under %s is told, and all is done once there is room",
  async (_, below, first, last) => {
    let told = 0;
    for (const kib of range(first, last, 4)) {
      const lake = newLake();
      for (let i = 0; i < 20; i += 1) lake.put(DATASET, `${i}.csv`, rows(200), 1);
      lake.put(OTHER, "a.csv", rows(3), 1);
      const kept = join(lake.root, "kept");
      for (const path of [kept, join(lake.prefix, below)]) mkdirSync(path, { recursive: true });
      const env = {
        SIZE: `${kib}k`,
        FULL: join(lake.prefix, below),
        PREFIX: lake.prefix,
        NODE: process.execPath,
        PROGRAM: program,
        KEPT: kept,
      };
      const ran = await run(["unshare", "-m", "bash", "-c", full], undefined, { env });
      expect(ran.code, ran.stderr).toBe(0);
      const text = (name: string) => readFileSync(join(kept, name), "utf8");
      const where = `${kib} KiB`;
      if (text("first.code") !== "0\n") {
        told += 1;
        expect(text("first.txt"), where).toMatch(/full|ENOSPC|I\/O error/);
      }
      const failures = text("failures.json");
      expect(failures === "" ? [] : JSON.parse(failures), where).toEqual([]);
      expect(text("next.code"), `${where}: ${text("next.txt")}`).toBe("0\n");
      const { failed, paused } = JSON.parse(text("next.json")) as PassSummary;
      expect({ failed, paused }, where).toEqual({ failed: 0, paused: 0 });
      expect(text("audit.code"), where).toBe("0\n");
      expect(text("audit.json"), where).toMatch(/"ok": 20,/);
      expect(text("temporary"), where).toBe("");
      lake.remove();
    }
    expect(told).toBeGreaterThan(0);
  },
  600_000,
);
