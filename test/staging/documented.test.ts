import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { createCounted } from "../../src/http/api/counted.ts";
import { stagingMetrics } from "../../src/http/metrics/stagings.ts";
import { costReport } from "../../src/regions/cost-report.ts";
import { DEFAULT_PRICES } from "../../src/regions/default-prices.ts";
import { entriesOf } from "../../src/staging/data-manifest.ts";
import { startObjectServer } from "../helpers/object-server.ts";
import { run } from "../helpers/world.ts";

const root = join(import.meta.dirname, "../..");
const page = await readFile(join(root, "docs/staging.md"), "utf8");

function blocks(language: string): readonly string[] {
  const found = page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"));
  return [...found].map(([, block]) => block as string);
}

test("the guide's Node examples run as they stand", async () => {
  const examples = blocks("js");
  expect(examples).toHaveLength(2);
  await using server = await startObjectServer({ "sample.sam": "x".repeat(2_000_000) });
  const directory = await mkdtemp(join(tmpdir(), "sampler-guide-"));
  const library = pathToFileURL(join(root, "src/staging/library.ts")).href;
  for (const [i, example] of examples.entries()) {
    const given = 'import { readFile } from "node:fs/promises"; const url = process.argv[2];';
    const path = join(directory, `example-${i}.mjs`);
    const imported = example.replace('"staging-sampler/staging"', JSON.stringify(library));
    await writeFile(path, `${given}\n${imported}`);
    const config = join(directory, "config.yaml");
    await writeFile(config, JSON.stringify({ state: join(directory, "state") }));
    const ended = await run([process.execPath, path, server.url("sample.sam")], config);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    if (i === 1) expect(ended.stdout).toContain("staged 2000000 2000000");
  }
  await rm(directory, { recursive: true });
});

test("the guide's manifest is one", () => {
  const [manifest = ""] = blocks("json");
  expect(entriesOf(JSON.parse(manifest)).map(({ name }) => name)).toEqual([
    "sample.sam",
    "ref/hg38.fasta",
  ]);
});

test("the guide has every metric, and no other", () => {
  const known = { stagings: new Map(), ended: [] };
  const costs = costReport(known, { since: 0, until: 0 }, { prices: DEFAULT_PRICES });
  const ofRegions = { stagings: [], regions: [], costs };
  const families = [
    ...createCounted().families({ runs: 0, runsAtWork: 0 }),
    ...stagingMetrics(ofRegions, { removed: 0, problems: 0 }),
  ];
  const names = families.map(({ name }) => name).filter((name) => name.startsWith("staging_"));
  const written = [...page.matchAll(/^\| `(staging_\w+)`/gm)].map(([, name]) => name);
  expect(written.toSorted()).toEqual(names.toSorted());
});
