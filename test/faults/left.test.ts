import { held } from "../helpers/held.ts";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { appendReceipts } from "../../src/samples/receipts.ts";
import { behind, buildLibrary, type Fault, whyNoFaults } from "./fault.ts";
import { DATASET, emptyLake, type Lake } from "./lake.ts";

/** Faults that are tried; `FAULTS=1000` tries all. */
const COUNT = Math.ceil(Number(process.env["FAULTS"] ?? 10) / 5);

const reason = whyNoFaults();
if (reason !== undefined) process.stdout.write(`leftovers are not tried: ${reason}\n`);

const lakes: Lake[] = [];
const directory = mkdtempSync(join(tmpdir(), "sampler-left-"));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
  for (const lake of lakes) lake.remove();
});

/** A lake with what a pass left that was killed before it gave a sample its name. */
async function killedLake(): Promise<Lake> {
  const lake = emptyLake();
  lakes.push(lake);
  lake.put(DATASET, "a.csv", "id\n1\n", 1);
  const kill: Fault = { call: "rename", path: "/a_sample.csv", errno: "", inLibrary: true };
  const { command, env } = behind(kill, lake, buildLibrary(directory));
  expect((await lake.pass(command, env)).code).toBe(null);
  expect(Object.keys(lake.samples()).join()).toMatch(/^[^,]*\.ss-[^,]*$/);
  return lake;
}

const faults: readonly Fault[] = [
  { call: "getdents64", path: `${DATASET}/samples`, errno: "EIO" },
  { call: "open", path: `${DATASET}/samples`, errno: "EMFILE", inLibrary: true },
  { call: "unlink", path: ".ss-", errno: "EIO", inLibrary: true },
  { call: "open", path: `${DATASET}/manifests`, errno: "ESTALE", inLibrary: true },
  { call: "statx", path: `${DATASET}/manifests`, errno: "EIO" },
  { call: "getdents64", path: "acme", errno: "EIO" },
];

test
  .skipIf(reason !== undefined)
  .each(faults.slice(0, COUNT).map((fault) => [titleOf(fault), fault] as const))(
  "what a killed pass left is removed later when %s keeps the next pass from it",
  async (_, fault) => {
    const lake = await killedLake();
    const { command, env, isReached } = behind(fault, lake, buildLibrary(directory));
    const ran = await lake.pass(command, env);
    expect(isReached()).toBe(true);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain(fault.errno);
    await lake.command("run", "--once");
    expect(Object.keys(lake.samples())).toEqual([`${DATASET}/samples/a_sample.csv`]);
    expect((await lake.json("audit"))[0]).toMatchObject({ counts: { ok: 1, orphan: 0 } });
  },
);

test.skipIf(reason !== undefined)(
  "half a receipt that was left is removed, and no whole one, also where reads are short",
  async () => {
    const lake = emptyLake();
    lakes.push(lake);
    for (let i = 0; i < 20; i += 1) lake.put(DATASET, `${i}.csv`, "id\n1\n", 1);
    await lake.command("run", "--once");
    const receipts = lake.path("samples/_receipts.jsonl");
    const whole = readFileSync(receipts, "utf8");
    appendFileSync(receipts, whole.slice(0, 200));
    const short = { call: "short", path: "/_receipts", errno: "", inLibrary: true };
    const { command, env, isReached } = behind(short, lake, buildLibrary(directory));
    expect((await lake.pass(command, env)).code).toBe(0);
    expect(isReached()).toBe(true);
    expect(readFileSync(receipts, "utf8")).toBe(whole);
  },
);

test("half a receipt that could not be taken back does not spoil the next one", async () => {
  const lake = emptyLake();
  lakes.push(lake);
  using samples = held(lake.path("samples"));
  const receipt = {
    raw: "raw/a.csv",
    bronze: "bronze/a.csv",
    mtime: 1,
    outcome: "failed",
  } as const;
  await appendReceipts(samples, [receipt]);
  appendFileSync(lake.path("samples/_receipts.jsonl"), '{"raw":"raw/ha');
  await appendReceipts(samples, [receipt]);
  const lines = readFileSync(lake.path("samples/_receipts.jsonl"), "utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([receipt, receipt]);
});

function titleOf({ call, path = "", errno }: Fault): string {
  return `${errno} of ${call} on ${path}`;
}
