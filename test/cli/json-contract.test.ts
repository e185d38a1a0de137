import { rm } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text as streamText } from "node:stream/consumers";
import { expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

const NEVER = "0 0 29 2 *";

const text = expect.any(String);
const number = expect.any(Number);
const yesOrNo = expect.any(Boolean);
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const orNull = (what: unknown) => expect.toBeOneOf([what, null]);

const passSummary = {
  datasets: number,
  lines: number,
  unchanged: number,
  superseded: number,
  rejected: number,
  sampled: number,
  failed: number,
  paused: number,
  errors: number,
  readBytes: number,
  bytes: number,
  ms: number,
  at: time,
};
const totals = {
  entries: number,
  sampled: number,
  failed: number,
  pruned: number,
  waiting: number,
  due: number,
  rejected: number,
  oldestDueSeconds: orNull(number),
  unreadBytes: orNull(number),
  lastMinute: number,
  readBytes: number,
  validatedPassed: number,
  validatedWarned: number,
  validatedFailed: number,
  validatedError: number,
  invalid: number,
  unchecked: number,
};
const entry = {
  dataset: text,
  raw: text,
  bronze: text,
  mtime: number,
  outcome: orNull(text),
  waiting: yesOrNo,
  sample: orNull(text),
  stale: yesOrNo,
  format: orNull(text),
  rows: orNull(number),
  bytes: orNull(number),
  sourceSize: orNull(number),
  reason: orNull(text),
  validation: orNull(text),
  code: orNull(text),
  message: orNull(text),
  attempts: number,
  nextAt: orNull(time),
  at: orNull(time),
};
const receipt = { raw: text, bronze: text, mtime: number, at: time, sampler: text };
const sampledReceipt = {
  ...receipt,
  outcome: "sampled",
  sample: text,
  format: text,
  rows: number,
  bytes: number,
  complete: yesOrNo,
  cut: text,
  recognisedBy: text,
  readBytes: number,
  sourceSize: number,
  warnings: [],
  ms: number,
};
const failedReceipt = {
  ...receipt,
  outcome: "failed",
  code: text,
  message: text,
  readBytes: number,
  ms: number,
};
const failure = {
  kind: "entry",
  dataset: text,
  raw: text,
  code: text,
  message: text,
  attempts: number,
  failedAt: time,
  nextAt: orNull(time),
};
const line = {
  kind: "line",
  dataset: text,
  path: text,
  line: number,
  offset: number,
  reason: text,
  at: time,
};
const view = {
  format: "csv",
  facts: [[text, text]],
  tables: [
    {
      title: orNull(text),
      columns: [
        { name: text, type: text },
        { name: text, type: text },
      ],
      rows: [[text, text]],
      notes: [text],
    },
  ],
  warnings: [],
};
const findings = ["ok", "waiting", "stale", "unread", "failed", "missing", "lost", "orphan"];

/**
 * The contract with programs: for each command the arguments, the exit code and the fields of its
 * output. Further fields may come; none of these goes or becomes something else.
 */
const contract: Readonly<Record<string, readonly [readonly string[], number, unknown]>> = {
  run: [["--once"], 3, { ...passSummary, sampled: 2, failed: 1, rejected: 1 }],
  append: [
    ["--dataset", DATASET, "--raw", "raw/x.csv", "--bronze", "bronze/x.csv", "--mtime", "1.5"],
    0,
    { raw: "raw/x.csv", bronze: "bronze/x.csv", mtime: 1.5 },
  ],
  status: [
    [],
    0,
    {
      running: null,
      hosts: [],
      passesWait: null,
      passFailure: null,
      verdict: { word: text, why: text },
      lastPass: passSummary,
      totals,
      failures: [
        {
          code: "FILE_MISSING",
          entries: 1,
          example: { dataset: DATASET, raw: "raw/gone.csv", message: text },
        },
      ],
      datasets: [{ dataset: DATASET, ...totals, waitsFor: null }],
    },
  ],
  list: [[], 0, [entry, entry, entry]],
  audit: [
    [],
    3,
    [
      {
        dataset: DATASET,
        counts: Object.fromEntries(findings.map((finding) => [finding, number])),
        repaired: 0,
        findings: [{ kind: "missing", raw: text, sample: text, why: text }],
      },
    ],
  ],
  validate: [
    [
      join(import.meta.dirname, "../../fixtures/csv/rows-101.csv"),
      "--contract",
      join(import.meta.dirname, "../../fixtures/csv/rows-101.csv"),
    ],
    1,
    [
      {
        dataset: null,
        name: text,
        result: "error",
        contract: text,
        rows: 0,
        of: "first",
        checks: 0,
        skipped: 0,
        failed: [],
        more: 0,
        reason: text,
        samples: [],
      },
    ],
  ],
  failures: [[], 0, [failure, line]],
  acknowledge: [
    [],
    0,
    { undone: false, entries: 0, lines: 1, datasets: [{ dataset: DATASET, entries: 0, lines: 1 }] },
  ],
  retry: [["raw/none*"], 0, { entries: 0, datasets: [], running: null }],
  drift: [
    ["raw/big.csv"],
    0,
    [
      {
        dataset: text,
        series: "raw/big.csv",
        files: 1,
        versions: [
          {
            shape: text,
            format: "csv",
            dialect: { delimiter: ",", encoding: "ASCII", lineEnd: "LF" },
            names: ["id", "name"],
            types: [text, text],
            files: 1,
            firstRaw: "raw/big.csv",
            firstSeen: time,
            lastSeen: time,
            changes: [],
          },
        ],
      },
    ],
  ],
  search: [
    ["row 2", "--in", "values", "--limit", "1"],
    0,
    [
      {
        kind: "value",
        dataset: text,
        raw: text,
        sample: text,
        table: null,
        column: "name",
        row: 3,
        value: "row 2",
        values: 1,
      },
    ],
  ],
  scan: [["--min-age", "0"], 0, []],
  columns: [
    ["id", "--dataset", DATASET],
    0,
    [0, 1].map(() => ({
      dataset: DATASET,
      series: text,
      column: "id",
      type: "integer",
      format: text,
      files: 1,
      firstRaw: text,
      lastSeen: time,
    })),
  ],
  diff: [
    ["raw/big.csv", "raw/big.csv"],
    0,
    [
      {
        dataset: text,
        before: { raw: "raw/big.csv", sample: "samples/big_sample.csv", rows: 100 },
        now: { raw: "raw/big.csv", sample: "samples/big_sample.csv", rows: 100 },
        tables: [
          {
            title: null,
            added: [],
            removed: [],
            retyped: [],
            isReordered: false,
            columns: ["id", "name"],
            same: 100,
            onlyBefore: { count: 0, rows: [] },
            onlyNow: { count: 0, rows: [] },
          },
        ],
      },
    ],
  ],
  explain: [
    ["raw/big.csv"],
    0,
    [
      {
        entry: { ...entry, doneMtime: orNull(number), failedAt: orNull(time) },
        decision: { decision: text, why: text },
        onDisk: { is: text, bytes: orNull(number) },
        sampled: sampledReceipt,
        receipts: { count: number, last: [sampledReceipt] },
        lines: { count: number, last: [{ path: text, line: number, mtime: number, bronze: text }] },
        problems: [],
      },
    ],
  ],
  show: [
    ["raw/big.csv", "--rows", "1"],
    0,
    [
      {
        entry: { ...entry, doneMtime: orNull(number), failedAt: orNull(time) },
        dataset: DATASET,
        path: text,
        shown: "sample",
        sampled: sampledReceipt,
        problem: null,
        view,
        waitsFor: text,
      },
    ],
  ],
  preview: [
    [join(import.meta.dirname, "../../fixtures/csv/rows-101.csv"), "--rows", "1"],
    0,
    {
      name: "rows-101.csv",
      format: "csv",
      recognisedBy: "name",
      rows: number,
      bytes: number,
      complete: yesOrNo,
      cut: orNull(text),
      reason: orNull(text),
      strategy: text,
      parts: orNull([{ at: number, rows: number }]),
      uniform: orNull(yesOrNo),
      why: orNull(text),
      readBytes: number,
      requests: orNull(number),
      sourceSize: orNull(number),
      warnings: [],
      out: orNull(text),
      view,
    },
  ],
  check: [
    [],
    3,
    {
      config: text,
      prefix: text,
      datasets: number,
      lines: number,
      problems: [{ path: text, problem: text }],
    },
  ],
  forget: [
    ["raw/big.csv"],
    0,
    {
      dryRun: false,
      dataset: DATASET,
      raw: "raw/big.csv",
      entries: 1,
      samples: 1,
      bytes: number,
      removesSamples: false,
    },
  ],
  prune: [
    ["--dry-run"],
    0,
    { dryRun: true, datasets: [{ dataset: DATASET, files: number, bytes: number }] },
  ],
};

/** The program's help for these arguments, without a process of its own. */
async function helpOf(...args: string[]): Promise<string> {
  const stream = new PassThrough();
  const out = stream as unknown as NodeJS.WriteStream;
  await runProgram([...args, "--help"], { out, err: out, env: {}, exitNow: () => undefined });
  stream.end();
  return streamText(stream);
}

/** One sample that is cut, one that goes, a file that is missing, and a line that is no entry. */
async function announce(world: World): Promise<void> {
  await world.put("big.csv", rows(200));
  await world.put("removed.csv", rows(3));
  await world.announce("gone.csv");
  await world.manifest("no entry\n");
}

test("every command with --json has its fields written down here", async () => {
  const names = [...(await helpOf()).matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(
    ([, name]) => name,
  );
  const withJson: string[] = [];
  for (const name of names as string[]) {
    if (/^ {2}--json /m.test(await helpOf(name))) withJson.push(name);
  }
  // It takes a database: `migrate.test.ts`.
  const here = withJson.filter((name) => name !== "migrate");
  expect(here.toSorted()).toEqual(Object.keys(contract).toSorted());
});

test.each(Object.entries(contract))(
  "%s --json prints what is written down here, and nothing else",
  async (command, [args, code, fields]) => {
    await using world = await createWorld(
      command === "prune" ? { retention: { maxFiles: 9 } } : {},
    );
    await announce(world);
    if (command !== "run") await world.pass();
    if (command === "audit") await rm(world.path("samples/removed_sample.csv"));
    const ran = await world.run([command, ...args, "--json"]);
    expect(ran.code).toBe(code);
    expect(JSON.parse(ran.stdout)).toMatchObject(fields as object);
  },
);

test("beside a daemon, status and retry say who runs", async () => {
  await using world = await createWorld({ schedule: NEVER });
  const daemon = await world.daemon();
  await daemon.logged("pass");
  const running = { pid: daemon.pid, host: text, since: time };
  for (const command of ["status", "retry"]) {
    const { stdout } = await world.run([command, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ running });
  }
});

test("a receipt has these fields, for a sample, for a failure, and for a line that is no entry", async () => {
  await using world = await createWorld();
  await announce(world);
  await world.put("model.bin", Buffer.alloc(2000, 7));
  await world.pass();
  const receipts = await world.receipts();
  const of = (raw: string | null) => receipts.find((one) => one["raw"] === raw);
  expect(of("raw/big.csv")).toMatchObject(sampledReceipt);
  expect(of("raw/gone.csv")).toMatchObject(failedReceipt);
  expect(of("raw/model.bin")).toMatchObject({ format: "metadata", reason: text });
  expect(of(null)).toEqual({
    raw: null,
    bronze: null,
    mtime: null,
    outcome: "failed",
    code: "LINE_INVALID",
    message: text,
    at: time,
    sampler: text,
  });
  expect(of("raw/big.csv")).toMatchObject({ mtime: MTIME, cut: "rows", rows: 100 });
});
