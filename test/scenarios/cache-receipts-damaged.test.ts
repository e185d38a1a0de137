import { lstatSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import {
  DATASETS,
  expectAsBefore,
  expectCleanAudit,
  fillRichly,
  remember,
} from "../store/rich-lake.ts";
import {
  makeSpecial,
  NEVER_HANGS,
  type SpecialKind,
  specialKinds,
  whyNoSpecial,
} from "../store/special-file.ts";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

const FILES = 24;
/** Rebuilds that are killed; more with REBUILD_KILLS. */
const KILLS = Number(process.env["REBUILD_KILLS"] ?? 1);

/**
 * A damage of the receipts, which have a line for each file in order. Returns their files
 * afterwards, and the lines that are lost.
 */
type Damage = (lines: readonly Buffer[]) => {
  readonly files: Readonly<Record<string, Buffer>>;
  readonly lost: readonly number[];
};

const all = Array.from({ length: FILES }, (_, i) => i);
const zeros = Buffer.alloc(70_000);
const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 2_654_435_761) >>> 13));
const torn = (line: Buffer) => line.subarray(0, line.length / 2);

const damages: Readonly<Record<string, Damage>> = {
  "whose last line is torn": (lines) => ({
    files: { "_receipts.jsonl": Buffer.concat([...lines.slice(0, -1), torn(lines.at(-1)!)]) },
    lost: [FILES - 1],
  }),
  "with blocks of zeros in the middle and at the end": (lines) => ({
    files: {
      "_receipts.jsonl": Buffer.concat([
        ...lines.slice(0, 9),
        torn(lines[9]!),
        zeros,
        torn(lines[10]!),
        lines[0]!.subarray(-1),
        ...lines.slice(11, -1),
        torn(lines.at(-1)!),
        zeros,
      ]),
    },
    lost: [9, 10, FILES - 1],
  }),
  "that are zeros": () => ({ files: { "_receipts.jsonl": zeros }, lost: all }),
  "that are empty": () => ({ files: { "_receipts.jsonl": Buffer.alloc(0) }, lost: all }),
  "that are gone": () => ({ files: {}, lost: all }),
  "with noise in the middle": (lines) => ({
    files: {
      "_receipts.jsonl": Buffer.concat([
        ...lines.slice(0, 5),
        torn(lines[5]!),
        noise,
        torn(lines[6]!),
        Buffer.from("\n"),
        ...lines.slice(7),
      ]),
    },
    lost: [5, 6],
  }),
  "with a line that never ends": (lines) => ({
    files: {
      "_receipts.jsonl": Buffer.concat([
        ...lines.slice(0, 12),
        Buffer.alloc(5 * 1024 * 1024, "x"),
        lines[12]!,
        ...lines.slice(13),
      ]),
    },
    lost: [12],
  }),
  "of which each line is there twice, and in the wrong order": (lines) => ({
    files: { "_receipts.jsonl": Buffer.concat([...lines.toReversed(), ...lines]) },
    lost: [],
  }),
  "sealed and rotated": (lines) => ({
    files: {
      "_receipts.jsonl.1": Buffer.concat(lines.slice(0, 4)),
      "_receipts.jsonl.2": Buffer.concat(lines.slice(4, 8)),
      "_receipts.jsonl.10": Buffer.concat(lines.slice(8, 12)),
      "_receipts.jsonl-20260118": Buffer.concat(lines.slice(12, 16)),
      "_receipts.jsonl.2026-01-19": Buffer.concat(lines.slice(16, 20)),
      "_receipts.jsonl": Buffer.concat(lines.slice(20)),
    },
    lost: [],
  }),
  "sealed, one of them gone and one cut": (lines) => ({
    files: {
      "_receipts.jsonl.2": Buffer.concat([...lines.slice(4, 8), torn(lines[8]!)]),
      "_receipts.jsonl.3": Buffer.concat([zeros, ...lines.slice(9, 12)]),
      "_receipts.jsonl": Buffer.concat(lines.slice(12)),
    },
    lost: [0, 1, 2, 3, 8],
  }),
  "with lines that are JSON and no receipts": (lines) => ({
    files: {
      "_receipts.jsonl": Buffer.concat([
        Buffer.from('null\n[]\n"x"\n{}\n{"raw":1}\n{"raw":"raw/0.csv","outcome":"sampled"}\n'),
        ...lines.map((line, i) =>
          i === 3 ? Buffer.from(line.toString().replace('"mtime":', '"mtime":1e999,"m":')) : line,
        ),
      ]),
    },
    lost: [3],
  }),
};

const seenOf = (world: World, i: number) => {
  const { ino, mtimeNs } = lstatSync(world.path(`samples/${i}_sample.csv`), { bigint: true });
  return `${ino} ${mtimeNs}`;
};

test.each(Object.entries(damages))(
  "with the cache lost and receipts %s, what has a whole receipt is not sampled again, and the rest is",
  async (_what, damage) => {
    await using world = await createWorld({ drain: { concurrency: 1, threads: 1 } });
    for (const i of all) await world.put(`${i}.csv`, rows(i));
    await world.pass();
    const known = world.rows().map(({ at: _at, ...row }) => row);
    world.close();
    const before = all.map((i) => seenOf(world, i));
    const path = world.path("samples/_receipts.jsonl");
    const lines = readFileSync(path, "utf8").trim().split("\n");
    const ordered = all.map((i) => lines.find((line) => line.includes(`"raw/${i}.csv"`)) as string);
    const { files, lost } = damage(ordered.map((line) => Buffer.from(`${line}\n`)));
    await rm(path);
    for (const [name, bytes] of Object.entries(files)) {
      await writeFile(world.path(`samples/${name}`), bytes);
    }
    await rm(world.state, { recursive: true });

    const { summary } = await world.pass();
    expect(summary).toMatchObject({
      sampled: lost.length,
      unchanged: FILES - lost.length,
      failed: 0,
      errors: 0,
    });
    const redone = all.filter((i) => seenOf(world, i) !== before[i]);
    expect(redone).toEqual(lost);
    for (const i of all) {
      expect((await world.sample(`${i}_sample.csv`)).toString()).toBe(rows(i));
    }
    expect(world.rows().map(({ at: _at, ...row }) => row)).toEqual(known);
    expect((await world.pass()).summary).toMatchObject({ sampled: 0, errors: 0 });
  },
);

test("with cache and receipts lost everything is sampled again, and the audit finds nothing missing", async () => {
  await using world = await createWorld();
  await fillRichly(world, 3);
  world.close();
  await rm(world.state, { recursive: true });
  for (const dataset of DATASETS) await rm(world.path("samples/_receipts.jsonl", dataset));
  const once = await world.run(["run", "--once", "--json"]);
  expect(JSON.parse(once.stdout)).toMatchObject({
    sampled: 13,
    described: 2,
    failed: 2,
    errors: 0,
  });
  const { stdout } = await world.run(["audit", "--json"]);
  for (const { counts } of JSON.parse(stdout) as { counts: object }[]) {
    expect(counts).toMatchObject({ missing: 0, lost: 0, unread: 0, stale: 0, failed: 1 });
  }
});

test("a rebuild that is killed half-way is taken up again", async () => {
  await using world = await createWorld();
  await fillRichly(world, 10);
  const before = remember(world);
  for (let tries = 0; tries < KILLS; tries += 1) {
    world.close();
    await rm(world.state, { recursive: true });
    await world.run(["run", "--once"], {
      onStart: (child) => void whenThere(world.state).then(() => child.kill("SIGKILL")),
    });
    const { summary } = await world.pass();
    expect(summary).toMatchObject({ sampled: 0, errors: 0 });
    expectAsBefore(world, before);
  }
  await expectCleanAudit(world);
});

/** Resolves as soon as the cache in a state directory is one. */
async function whenThere(state: string): Promise<void> {
  while (lstatSync(`${state}/cache.db`, { throwIfNoEntry: false }) === undefined) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

test("receipts that somebody wrote lead nowhere: no name outside samples, none that is another's", async () => {
  await using world = await createWorld();
  const outside = `${world.root}/outside_sample.csv`;
  await writeFile(outside, "outside\n");
  const names = [
    "samples/../bronze/victim_sample.csv",
    "samples/../../../../../outside_sample.csv",
    outside,
    `samples/${outside}`,
    "samples//victim_sample.csv",
    "samples/./victim_sample.csv",
    "samples/a/../../bronze/victim_sample.csv",
    "samples/",
    "samples/_receipts.jsonl",
    "samples/.hidden_sample.csv",
    "samples/new\nline_sample.csv",
    `samples/${"x".repeat(300)}_sample.csv`,
    "samples/taken_sample.csv",
    "samples/taken_sample.csv",
    "..",
    "",
    7,
    null,
  ];
  await world.write("bronze/victim_sample.csv", rows(1));
  const line = (fields: object) => `${JSON.stringify(fields)}\n`;
  const receipts = names.map((sample, i) =>
    line({
      raw: `raw/${i}.csv`,
      bronze: `bronze/${i}.csv`,
      mtime: MTIME,
      sample,
      ...sampled,
    }),
  );
  await world.write("samples/_receipts.jsonl", receipts.join(""));
  // They all have become metadata since: the sample that they had before is removed.
  for (const i of names.keys()) {
    await world.put(`${i}.csv`, Buffer.alloc(3000, 7), { mtime: MTIME + 1 });
  }
  const ran = await world.run(["run", "--once", "--json"]);
  expect(JSON.parse(ran.stdout)).toMatchObject({ described: names.length, failed: 0, errors: 0 });
  expect(readFileSync(outside, "utf8")).toBe("outside\n");
  expect(readFileSync(world.path("bronze/victim_sample.csv"), "utf8")).toBe(rows(1));
  expect((await world.samples()).filter((name) => !/^\d+_sample\.meta\.json$/.test(name))).toEqual(
    [],
  );
  const shared = Map.groupBy(world.rows(), ({ sample }) => sample);
  expect([...shared.values()].every((rowsOfOne) => rowsOfOne.length === 1)).toBe(true);
});

const sampled = { outcome: "sampled", format: "csv", bytes: 1, at: "2026-01-18T14:30:07.123Z" };

test("a file that is called like receipts is not read as receipts, and is in nobody's way", async () => {
  await using world = await createWorld({ sample: { layout: "mirror" } });
  const forged =
    rows(0) + JSON.stringify({ raw: "raw/a.csv", bronze: "x", mtime: MTIME, ...sampled });
  for (const name of [
    "_receipts.jsonl.1.csv",
    ".receipts.jsonl-old.csv",
    "_receipts.jsonl/a.csv",
    ".receipts.jsonl/b.csv",
    "_receipts.jsonl.3/c.csv",
    "_receipts.jsonl",
  ]) {
    await world.put(name, `${forged}\n`, { bronze: `bronze/${name.replaceAll("/", "-")}-copy` });
  }
  const first = await world.pass();
  expect(first.summary).toMatchObject({ sampled: 6, failed: 0, paused: 0, errors: 0 });
  world.close();
  await rm(world.state, { recursive: true });
  await world.put("a.csv", rows(3));
  const { summary, ingested } = await world.pass();
  expect(summary).toMatchObject({ sampled: 1, unchanged: 6, failed: 0, paused: 0, errors: 0 });
  expect(ingested).toMatchObject({ restored: 6 });
});

test("receipts that are no regular file stop their dataset with a code, and nothing waits for them or goes there", async () => {
  await using world = await createWorld();
  const datasets = specialDatasets();
  const outside = `${world.root}/outside`;
  await writeFile(outside, "outside\n");
  for (const [dataset, kind] of datasets) {
    await world.put("a.csv", rows(3), { dataset });
    await mkdir(world.path("samples", dataset));
    makeSpecial(kind, world.path("samples/_receipts.jsonl", dataset), outside);
  }
  await world.put("a.csv", rows(3));
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  for (const [dataset, kind] of datasets) {
    expect(ran.stderr, kind).toMatch(new RegExp(`${dataset}: OUTPUT_UNWRITABLE: .*_receipts`));
  }
  expect(ran.code).toBe(3);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 1, errors: datasets.length });
  expect(readFileSync(outside, "utf8")).toBe("outside\n");
  for (const [dataset] of datasets) {
    await rm(world.path("samples/_receipts.jsonl", dataset), { recursive: true });
  }
  expect((await world.pass()).summary).toMatchObject({
    sampled: datasets.length,
    errors: 0,
    paused: 0,
  });
});

test("with the cache lost, sealed receipts that are no regular file stop their dataset, and nothing waits for them", async () => {
  await using world = await createWorld();
  const datasets = specialDatasets();
  const outside = `${world.root}/outside`;
  const forged = {
    raw: "raw/a.csv",
    bronze: "b",
    mtime: MTIME + 1,
    ...sampled,
  };
  await writeFile(outside, `${JSON.stringify({ ...forged, sample: "samples/b_sample.csv" })}\n`);
  for (const [dataset] of datasets) await world.put("a.csv", rows(3), { dataset });
  await world.put("a.csv", rows(3));
  await world.pass();
  world.close();
  await rm(world.state, { recursive: true });
  for (const [dataset, kind] of datasets) {
    makeSpecial(kind, world.path("samples/_receipts.jsonl.1", dataset), outside);
  }
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  for (const [dataset, kind] of datasets) {
    expect(ran.stderr, kind).toMatch(new RegExp(`${dataset}: [A-Z_]+: .*_receipts.jsonl.1`));
  }
  expect(ran.code).toBe(3);
  expect(JSON.parse(ran.stdout)).toMatchObject({ unchanged: 1, sampled: 0 });
  for (const [dataset] of datasets) {
    await rm(world.path("samples/_receipts.jsonl.1", dataset), { recursive: true });
  }
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ unchanged: datasets.length, sampled: 0, errors: 0 });
});

/** A dataset for each kind of file that can be made here. */
function specialDatasets(): [dataset: string, kind: SpecialKind][] {
  const possible = specialKinds.filter((kind) => {
    const why = whyNoSpecial(kind);
    if (why !== undefined) console.log(`left out: ${why}`);
    return why === undefined;
  });
  return possible.map((kind, i) => [`special/kind-${i}/v1`, kind]);
}
