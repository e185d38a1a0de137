import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stagingsOfSweep } from "../../src/regions/sweep-params.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { startTwoRegions, type TwoRegions } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no sweep's files come: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

const SWEEP = `# a sweep of the guide
sweep_name: analysis
count: 100
distribution: even  # or: proportional, cheapest
regions:
  - us-east-1: 25
  - us-west-2
base_command: |
  #!/bin/bash
  stage_id: not-this
  ./analyze /mnt/data/reference.fasta output-\${SWEEP_INDEX}.vcf
`;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sampler-sweep-"));
});
afterAll(() => rm(root, { recursive: true }));

async function sweep(text: string): Promise<string> {
  const path = join(root, "sweep.yaml");
  await writeFile(path, text);
  return path;
}

test.each([
  [`${SWEEP}stage_id: stage-abc123def456  # in all regions\n`, ["stage-abc123def456"]],
  [`${SWEEP}stage_ids:\n  - stage-a\n  - stage-b\n`, ["stage-a", "stage-b"]],
  ["stage_id: c\nstage_ids: [a, b]\n", ["c", "a", "b"]],
  ['{"stage_ids": ["a"], "params": {"stage_id": "x"}}', ["a"]],
])("a sweep names its stagings: %#", async (text, ids) => {
  expect(stagingsOfSweep(await sweep(text))).toEqual(ids);
});

test.each([
  [SWEEP, "neither stage_id nor stage_ids"],
  ["stage_ids: []", "neither stage_id nor stage_ids"],
  ["stage_id: [a]", "stage_id is the id of one staging"],
  ["stage_ids: a", "stage_ids is a list of ids"],
  ["stage_ids: [1]", "stage_ids is a list of ids"],
  ["- stage_id: a", "parameters are names with values"],
  ["", "parameters are names with values"],
  ["a: [", "sweep.yaml: "],
])("a sweep that names none is told so: %#", async (text, message) => {
  const path = await sweep(text);
  expect(() => stagingsOfSweep(path)).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(() => stagingsOfSweep(path)).toThrow(message);
});

let here: TwoRegions;
beforeAll(async () => {
  if (whyNoRgw === undefined) here = await startTwoRegions();
});
afterAll(() => here?.[Symbol.asyncDispose]());

async function upload(name: string): Promise<string> {
  const path = await here.write(name, name);
  const dest = join(here.root, "machine", name);
  const done = await here.json("upload", path, "--regions", "east,west", "--dest", dest);
  return done["staging_id"] as string;
}

there("a sweep's stagings come in turn, and one that fails does not stop the others", async () => {
  const [one, two, three] = [await upload("one"), await upload("two"), await upload("three")];
  const params = await here.write(
    "sweep.yaml",
    `${SWEEP}stage_ids:\n  - stage-000000000000\n  - ${two}\n  - ${one}\n  - ${three}\n`,
  );
  await here.write("machine/three", "mine");
  const done = await here.stage(["download", one, "--params", params, "--json"]);
  expect(done.code).toBe(3);
  expect(JSON.parse(done.stdout)).toEqual([
    expect.objectContaining({ staging_id: one, region: "east", was_there: false }),
    { staging_id: "stage-000000000000", code: "UNREACHABLE", message: expect.any(String) },
    expect.objectContaining({ staging_id: two, was_there: false }),
    { staging_id: three, code: "USAGE", message: expect.stringContaining("is not this") },
  ]);
  expect(done.stderr).toContain(`${three}: USAGE: `);
  for (const name of ["one", "two"])
    expect(await readFile(join(here.root, "machine", name), "utf8")).toBe(name);
  expect((await readdir(join(here.root, "machine"))).toSorted()).toEqual(["one", "three", "two"]);
  const text = await here.stage(["download", one, two]);
  expect([text.code, text.stdout.split("\n").length]).toEqual([0, 3]);
});

there("a sweep with one staging is as that one, and --dest is the place of one", async () => {
  const id = await upload("single");
  const params = await here.write("single.yaml", `stage_id: ${id}\n`);
  const dest = join(here.root, "placed");
  const done = await here.json("download", "--params", params, "--dest", dest);
  expect(done).toMatchObject({ staging_id: id, path: dest });
  const two = await here.stage(["download", id, "stage-000000000000", "--dest", dest]);
  expect([two.code, two.stderr]).toEqual([2, expect.stringContaining("--dest")]);
  const none = await here.stage(["download"]);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("say which")]);
});
