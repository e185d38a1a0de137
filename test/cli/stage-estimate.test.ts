import { parse } from "csv-parse/sync";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { beforeEach, expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";

const page = await readFile(join(import.meta.dirname, "../../docs/staging.md"), "utf8");
const PLAN = "--data-size-gb 100 --instances 10 --regions us-east-1,us-west-2".split(" ");
const [, OURS = ""] = /^```yaml\n(asOf.*?)^```/ms.exec(page) ?? [];
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sampler-estimate-"));
  return async () => await rm(directory, { recursive: true });
});

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function estimate(...args: readonly string[]): Promise<Answer> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const [stdout, stderr] = [text(out), text(err)];
  const streams = { out, err } as unknown as { out: NodeJS.WriteStream; err: NodeJS.WriteStream };
  const context = { ...streams, env: {}, exitNow: () => undefined };
  const code = await runProgram(["stage", "estimate", ...args], context);
  out.end();
  err.end();
  return { code, stdout: await stdout, stderr: await stderr };
}

interface Document {
  readonly [figure: string]: unknown;
  readonly warnings: readonly string[];
}

async function documentOf(...args: readonly string[]): Promise<Document> {
  const { code, stdout, stderr } = await estimate(...args, "--json");
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout) as Document;
}

/** A figure's number. */
function numberOf(document: Document, figure: string): unknown {
  const value = document[figure];
  return typeof value === "object" && value !== null && "amount" in value ? value.amount : value;
}

const rows = [
  ...page.matchAll(/^\| ([^|]+) \| [^|]+ \| `(--[^`]+)` \| `(\w+)` \| ([\d.]+) \| [^|]+ \|$/gm),
].map(
  ([, what = "", options = "", figure = "", ours = ""]) => [what, figure, ours, options] as const,
);

test("the guide has the design's examples", () => {
  expect(rows.length).toBe(30);
});

test.each(rows)("the guide's row %s: %s is %s", async (_what, figure, ours, options) => {
  const document = await documentOf(...options.split(" "), "--preset", "seed");
  expect(numberOf(document, figure)).toBe(Number(ours));
});

const savings = [...page.matchAll(/^\| (\d+) \| (-?[\d.]+) % \|$/gm)];

test("the guide's savings are those of real prices", async () => {
  expect(savings.length).toBe(3);
  for (const [, readers = "", saved] of savings) {
    const options = ["--data-size-gb", "100", "--regions", "us-east-1,us-west-2"];
    const { savingPercent } = await documentOf(...options, "--instances", readers);
    expect(savingPercent).toBe(Number(saved));
  }
});

test.each([
  ["--preset", "seed"],
  ["--days", "30", "--count-source"],
  ["--instances", "1"],
  ["--regions", "eu-west-1"],
  ["--data-size-gb", "0.001"],
  ["--data-size-gb", "123456789", "--regions", "ap-south-1,eu-west-1,us-east-1"],
])("table, JSON and CSV have the same figures: %s %s", async (...more) => {
  const document = await documentOf(...PLAN, ...more);
  const csv = parse((await estimate(...PLAN, ...more, "--format", "csv")).stdout, {
    columns: true,
  }) as { readonly figure: string; readonly value: string; readonly formula: string }[];
  const { stdout } = await estimate(...PLAN, ...more);
  expect(csv).toHaveLength(7);
  for (const { figure, value, formula } of csv) {
    const number = numberOf(document, figure);
    expect(value).toBe(number === null ? "" : String(number));
    const line = stdout.split("\n").find((each) => each.startsWith(`${figure} `)) ?? "";
    const [, shown = ""] = /^\w+ +(-?[\d,.]+|none)/.exec(line) ?? [];
    expect(shown === "none" ? null : Number(shown.replaceAll(",", "")), line).toBe(number);
    expect(line.endsWith(`  ${formula}`), line).toBe(true);
  }
  expect(stdout).toContain(`\n${String(document["recommendation"])}\nAn estimate, by prices of `);
});

test("--format json is what --json prints, and csv is not mixed with warnings", async () => {
  const [short, long] = [["--json"], ["--format", "json"]].map(async (form) =>
    estimate(...PLAN, ...form),
  );
  expect(await short).toEqual(await long);
  const { stdout, stderr } = await estimate(...PLAN, "--format", "csv", "--regions", "mars,moon");
  expect(stderr).toBe(
    "no price from mars to moon: 0.098, the dearest of all, is taken\n" +
      "no price of storage in moon: 0.026, the dearest of all, is taken\n",
  );
  expect(stdout).not.toContain("no price");
});

test("prices.yaml beside the configuration is taken where nothing else is named", async () => {
  const config = join(directory, "config.yaml");
  await writeFile(config, "{}");
  const plan = [...PLAN, "--config", config];
  expect(await documentOf(...plan)).toMatchObject({ prices: { asOf: "2022-08-01" } });
  await writeFile(join(directory, "prices.yaml"), OURS);
  const { stdout } = await estimate(...plan, "--regions", "here,there", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ prices: { asOf: "2026-11-30" } });
});

test("prices come from --prices, else from staging.prices beside the configuration", async () => {
  const config = join(directory, "config.yaml");
  await mkdir(join(directory, "money"));
  await writeFile(config, "staging: { prices: money/prices.yaml }");
  await writeFile(join(directory, "money/prices.yaml"), OURS);
  const dear = join(directory, "dear.json");
  const table = { asOf: "2026-01-02", currency: "EUR", source: "a bill" };
  const storagePerGbMonth = { there: 1 };
  await writeFile(
    dear,
    JSON.stringify({ ...table, storagePerGbMonth, transfer: { here: { there: 0.5 } } }),
  );
  const plan = [...PLAN, "--regions", "here,there", "--config", config];
  const own = await documentOf(...plan);
  expect(own).toMatchObject({
    prices: { asOf: "2026-11-30", source: "our contract" },
    direct: { amount: 10, formula: "100 GB × 10 × (there 0.01)" },
    warnings: [],
  });
  const named = await documentOf(...plan, "--prices", dear);
  expect(named).toMatchObject({ prices: table, direct: { amount: 500 } });
  const seed = await documentOf(...plan, "--preset", "seed");
  expect(seed).toMatchObject({ direct: { amount: 90 } });
});

test.each([
  ["that is not there", undefined, /CONFIG_INVALID: cannot read .*prices\.yaml: ENOENT/],
  ["that is no YAML", "asOf: [", /CONFIG_INVALID: .*prices\.yaml: .* at line 1/],
  [
    "that is no table",
    "asOf: 2026-11-30",
    /CONFIG_INVALID: .*prices\.yaml: currency: three letters, such as USD\n/,
  ],
])("a file of prices %s is refused with 78", async (_what, content, message) => {
  const path = join(directory, "prices.yaml");
  if (content !== undefined) await writeFile(path, content);
  const { code, stdout, stderr } = await estimate(...PLAN, "--prices", path);
  expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
  expect(stderr).toMatch(message);
});

test.each([
  [["--data-size-gb", "0"], /use a number above 0/],
  [["--data-size-gb", "much"], /use a number above 0/],
  [["--days", "-1"], /use a number above 0/],
  [["--instances", "1.5"], /use a whole number above 0/],
  [["--regions", "a,,b"], /USAGE: --regions: a name is empty/],
  [["--regions", "a,b,a"], /USAGE: --regions names a twice/],
  [["--preset", "seed", "--prices", "x"], /cannot be used with option '--p/],
  [["--format", "xml"], /Allowed choices are table, json, csv/],
])("%j is a usage error", async (args, message) => {
  const { code, stdout, stderr } = await estimate(...PLAN, ...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
});
