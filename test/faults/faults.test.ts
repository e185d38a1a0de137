import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PassSummary } from "../../src/store/types.ts";
import type { Ran } from "../helpers/world.ts";
import { type Case, cases } from "./cases.ts";
import { behind, buildLibrary, type Fault, whyNoFaults } from "./fault.ts";
import { DATASET, type Lake, makeLake, OTHER } from "./lake.ts";

/** All take about half an hour (`FAULTS=1000`); each time a few are tried. */
const COUNT = Number(process.env["FAULTS"] ?? 10);

const reason = whyNoFaults();
if (reason !== undefined) process.stdout.write(`faults are not injected: ${reason}\n`);

const chosen = spread(cases, COUNT);
let before: Readonly<Record<string, string>>;
let expected: unknown;
let after: Readonly<Record<string, string>>;
let directory: string;
let library: string;
const missed: string[] = [];
let reached = 0;

beforeAll(async () => {
  if (reason !== undefined) return;
  directory = mkdtempSync(join(tmpdir(), "sampler-faults-"));
  library = buildLibrary(directory);
  const undisturbed = await makeLake();
  before = undisturbed.samples();
  expect((await undisturbed.pass()).stdout).toMatch(/"rejected": 1/);
  expected = await undisturbed.state();
  after = undisturbed.samples();
  undisturbed.remove();
});

afterAll(() => {
  if (reason !== undefined) return;
  rmSync(directory, { recursive: true, force: true });
  const injected = reached + missed.length;
  process.stdout.write(`${injected} of ${cases.length} faults injected, ${reached} reached\n`);
  for (const title of missed) process.stdout.write(`not reached: ${title}\n`);
});

test.skipIf(reason !== undefined).each(chosen.map((each) => [titleOf(each.fault), each] as const))(
  "%s: shows, breaks and loses nothing, and the next pass mends all",
  async (title, { fault, says }) => {
    const lake = await makeLake();
    try {
      const { command, env, isReached } = behind(fault, lake, library);
      const ran = await lake.pass(command, env);
      if (!isReached()) {
        missed.push(title);
        return;
      }
      reached += 1;
      if (says !== undefined) {
        expect(ran.code).toBe(3);
        expect(ran.stderr).toMatch(says);
        expect(ran.stderr).toContain(fault.errno);
        if (fault.path?.startsWith(DATASET)) expectUndisturbed(lake, OTHER);
      }
      expectWholeSamples(lake);
      if (isAllDone(ran)) expect(await lake.state()).toEqual(expected);
      else expectTold(ran);
      await expectNoDeadLetter(lake);

      await lake.command("retry");
      const next = await lake.command("run", "--once", "--json");
      expect(isAllDone(next), next.stderr).toBe(true);
      expect(await lake.state()).toEqual(expected);
    } finally {
      lake.remove();
    }
  },
);

/** A fault in one dataset holds up no other. */
function expectUndisturbed(lake: Lake, dataset: string): void {
  for (const [path, content] of Object.entries(lake.samples())) {
    if (path.startsWith(dataset)) expect(content === after[path], `${path} is new`).toBe(true);
  }
}

/** A pass that did not do all says so. */
function expectTold({ code, stderr }: Ran): void {
  expect(code).not.toBe(0);
  expect(stderr).not.toBe("");
}

/** Each sample is whole: the one from before, or the new one. */
function expectWholeSamples(lake: Lake): void {
  for (const [path, content] of Object.entries(lake.samples())) {
    if (path.includes("/.ss-")) continue;
    expect([before[path], after[path]].includes(content), `${path} is whole`).toBe(true);
  }
}

/** True for a pass in which nothing went wrong, but for the line that is none. */
function isAllDone({ code, stdout }: Ran): boolean {
  if (code !== 0 && code !== 3) return false;
  const { failed, paused, errors } = JSON.parse(stdout) as PassSummary;
  return failed + paused + errors === 0;
}

/** Expects no file to be given up for a fault of ours or of the storage. */
async function expectNoDeadLetter(lake: Lake): Promise<void> {
  const { code, stdout } = await lake.command("failures", "--json");
  if (code !== 0) return;
  const failures = JSON.parse(stdout) as { kind: string; nextAt: string | null }[];
  expect(failures.filter(({ kind, nextAt }) => kind === "entry" && nextAt === null)).toEqual([]);
}

function titleOf({ call, errno, path = "", nth = "1", isAnswerLost = false }: Fault): string {
  const how = isAnswerLost ? `${errno} although done` : errno;
  return `${call} ${nth} of ${path === "" ? "the prefix" : path} ${how}`.trimEnd();
}

function spread(all: readonly Case[], count: number): readonly Case[] {
  if (all.length <= count) return all;
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as Case);
}
