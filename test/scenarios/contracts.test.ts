import { readFileSync } from "node:fs";
import { stat, utimes } from "node:fs/promises";
import { expect, test } from "vitest";
import { command } from "../helpers/command.ts";
import { odcs } from "../helpers/held-to.ts";
import { createWorld, DATASET, MTIME, type World } from "../helpers/world.ts";

const FILE = "contract.odcs.yaml";
const contracts = { file: FILE };
const good = "id,price\n1,2.5\n2,3\n";
const bad = "id,price\n1,secret\n";
const demands = odcs([
  { name: "id", logicalType: "integer", required: true },
  { name: "price", logicalType: "number" },
]);

function findings(world: World): Record<string, unknown>[] {
  const text = readFileSync(world.path("samples/_findings.jsonl"), "utf8");
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return lines.filter(({ kind }) => kind === "validation");
}

test("each file gets a verdict, and what changes is told once; the sample is there all the same", async () => {
  await using world = await createWorld({ contracts });
  await world.write(FILE, JSON.stringify(demands));
  await world.put("a.csv", good);
  await world.put("b.csv", bad);
  await world.pass();
  const receipts = await world.receipts();
  const contract = expect.stringMatching(/^orders@1\.2\.0#[\da-f]{6}$/);
  expect(receipts.find(({ raw }) => raw === "raw/a.csv")).toMatchObject({
    outcome: "sampled",
    validation: { result: "passed", contract, rows: 2, of: "all", failed: [], more: 0 },
  });
  const failed = [{ check: "type", column: "price", count: 1, severity: "fail" }];
  expect(receipts.find(({ raw }) => raw === "raw/b.csv")).toMatchObject({
    validation: { result: "failed", failed },
  });
  expect(await world.sample("b_sample.csv")).toEqual(Buffer.from(bad));
  expect(findings(world)).toMatchObject([
    { raw: "raw/b.csv", result: "failed", was: null, contract, failed, more: 0 },
  ]);
  expect(world.row("raw/a.csv")?.validation).toBe("passed");

  await world.put("b.csv", good, { mtime: MTIME + 1 });
  await world.put("a.csv", good, { mtime: MTIME + 1 });
  await world.pass();
  expect(findings(world)).toMatchObject([
    { result: "failed" },
    { raw: "raw/b.csv", result: "passed", was: "failed", failed: [] },
  ]);
  const [totals] = await world.store().queries.totals(Date.now());
  expect(totals).toMatchObject({ validatedPassed: 3, validatedFailed: 1, invalid: 0 });
  const told = `${readFileSync(world.path("samples/_receipts.jsonl"), "utf8")}${readFileSync(world.path("samples/_findings.jsonl"), "utf8")}`;
  expect(told).not.toContain("secret");
});

test("a contract that cannot be read is told of once, and keeps no sample back; once it is mended, it holds", async () => {
  await using world = await createWorld({ contracts });
  await world.write(FILE, "kind: DataContract\napiVersion: v4.0.0\nschema: []\n");
  await world.put("a.csv", good);
  await world.put("b.csv", bad);
  const { events, outcomes } = await world.pass();
  expect(outcomes).toEqual({ "raw/a.csv": "sampled", "raw/b.csv": "sampled" });
  const told = events.filter(({ type }) => type === "contract");
  expect(told).toEqual([
    {
      type: "contract",
      dataset: DATASET,
      contract: world.path(FILE),
      reason: "apiVersion: is v4.0.0; v3.x is read",
    },
  ]);
  const [totals] = await world.store().queries.totals(Date.now());
  expect(totals).toMatchObject({ validatedError: 2, unchecked: 2, invalid: 0 });
  await world.put("c.csv", bad);
  expect((await world.pass()).events.filter(({ type }) => type === "contract")).toEqual([]);

  await world.write(FILE, JSON.stringify(demands));
  await world.put("b.csv", bad, { mtime: MTIME + 1 });
  await world.pass();
  expect(world.row("raw/b.csv")?.validation).toBe("failed");
});

test("a contract is read again when its time changes, even where its size does not", async () => {
  await using world = await createWorld({ contracts });
  await world.write(
    FILE,
    JSON.stringify(odcs([{ name: "id", logicalType: "integer" }, { name: "price" }])),
  );
  await world.put("a.csv", "id,price\nx,1\n");
  await world.pass();
  expect(world.row("raw/a.csv")?.validation).toBe("failed");
  const { mtimeMs } = await stat(world.path(FILE));
  await world.write(
    FILE,
    JSON.stringify(odcs([{ name: "id", logicalType: "strings" }, { name: "price" }])),
  );
  await utimes(world.path(FILE), new Date(), new Date(mtimeMs + 5000));
  await world.put("a.csv", "id,price\nx,1\n", { mtime: MTIME + 1 });
  await world.pass();
  expect(world.row("raw/a.csv")?.validation).toBe("passed");
});

test("a dataset's own contract goes before the one beside the configuration; overrides name others, or none", async () => {
  const overrides = [{ datasets: "acme/free/*", contracts: { file: null } }];
  await using world = await createWorld({ contracts, overrides });
  const { writeFile } = await import("node:fs/promises");
  await writeFile(`${world.root}/${FILE}`, JSON.stringify(demands));
  await world.write(
    FILE,
    JSON.stringify(odcs([{ name: "id", logicalType: "string" }, { name: "price" }])),
    "acme/own/v1",
  );
  const put = (dataset: string) => world.put("a.csv", bad, { dataset });
  for (const dataset of ["acme/beside/v1", "acme/own/v1", "acme/free/v1"]) await put(dataset);
  await world.pass();
  const verdicts = Object.fromEntries(world.rows().map((row) => [row.dataset, row.validation]));
  expect(verdicts).toEqual({
    "acme/beside/v1": "failed",
    "acme/own/v1": "passed",
    "acme/free/v1": null,
  });
});

test("a lost cache has its verdicts from the receipts", async () => {
  await using world = await createWorld({ contracts });
  await world.write(FILE, JSON.stringify(demands));
  await world.put("b.csv", bad);
  await world.pass();
  world.close();
  const { rm } = await import("node:fs/promises");
  await rm(world.state, { recursive: true });
  await world.pass();
  expect(world.row("raw/b.csv")?.validation).toBe("failed");
});

test("list, explain, check, validate and contract tell of it, with their exit codes", async () => {
  await using world = await createWorld({ contracts });
  await world.write(FILE, JSON.stringify(demands));
  await world.put("a.csv", good);
  await world.put("b.csv", bad);
  await world.pass();
  const raws = async (verdict: string) => {
    const { stdout } = await command(world, "list", "--validation", verdict, "--json");
    return (JSON.parse(stdout) as { raw: string }[]).map(({ raw }) => raw);
  };
  expect(await raws("failed")).toEqual(["raw/b.csv"]);
  expect(await raws("passed")).toEqual(["raw/a.csv"]);
  expect((await command(world, "explain", "raw/b.csv")).stdout).toContain('type of "price": 1');

  const all = await command(world, "validate");
  expect(all.code).toBe(3);
  expect(all.stdout).toContain("2 files: 1 passed, 1 failed");
  expect((await command(world, "validate", "raw/a*")).code).toBe(0);
  expect((await command(world, "validate", "raw/b.csv", "--fail-on", "never")).code).toBe(0);
  expect((await command(world, "validate", "raw/none.csv")).code).toBe(2);

  const report = `${world.root}/report.xml`;
  await command(world, "validate", "--junit", report);
  const xml = readFileSync(report, "utf8");
  expect(xml).toContain(
    '<testcase classname="orders.price" name="type"><failure message="1"/></testcase>',
  );
  expect(xml.match(/<testsuite /g)).toHaveLength(2);
  expect(all.stdout + xml).not.toContain("secret");

  const file = world.path("bronze/a.csv");
  const { stdout: skeleton } = await command(world, "contract", "raw/a.csv");
  await world.write("made.yaml", skeleton);
  const held = await command(
    world,
    "validate",
    file,
    "--contract",
    world.path("made.yaml"),
    "--fail-on",
    "warn",
  );
  expect([held.code, held.stdout.slice(0, 6)]).toEqual([0, "passed"]);

  expect((await command(world, "check")).code).toBe(0);
  await world.write(FILE, "a: [");
  const checked = await command(world, "check");
  expect(checked.code).toBe(3);
  expect(checked.stdout).toContain(world.path(FILE));
  expect((await command(world, "validate")).code).toBe(1);
});
