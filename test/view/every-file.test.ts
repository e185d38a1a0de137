import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Failure, type FailureCode } from "../../src/errors.ts";
import { memorySource } from "../../src/lib/memory-source.ts";
import { defaultLimits as limits, takeSample } from "../../src/view/take-sample.ts";
import { readView, type View } from "../../src/view/view.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");
const corpus = "/work/shared/corpus";
const ROWS = 7;
/** Damaged copies of each fixture; more for a long run. */
const DAMAGES = Number(process.env["VIEW_DAMAGES"] ?? 2);

function filesBelow(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true }) as string[];
  return names
    .filter((name) => !/\.(expected\.json|ts|tsv|md|jsonl\.md)$/.test(name))
    .filter((name) => statSync(join(directory, name)).isFile())
    .toSorted();
}

/** A sampler's result for a file: the format of its sample, or the code of its failure. */
async function sampledAs(path: string): Promise<string | FailureCode> {
  const source = memorySource(path.slice(path.lastIndexOf("/") + 1), readFileSync(path));
  const { signal } = new AbortController();
  try {
    const sample = await takeSample({ source, limits, signal, depth: 0, extensions: {} });
    return sample.summary.format;
  } catch (error) {
    return (error as Failure).code;
  }
}

/** The format of a view, or the code of the failure to have one. */
async function shownAs(path: string): Promise<string | FailureCode> {
  try {
    const view = await readView(path, { rows: ROWS });
    checkBounds(view);
    return view.format;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

function checkBounds({ tables, facts, warnings }: View): void {
  for (const { columns, rows } of tables) {
    expect(columns.length).toBeLessThanOrEqual(2000);
    expect(rows.every((row) => row.length === columns.length)).toBe(true);
    const longest = Math.max(0, ...rows.flat().map((cell) => cell?.length ?? 0));
    expect(longest).toBeLessThanOrEqual(201);
  }
  // Nothing to see, and not a word about why, would hide something.
  expect(tables.length + facts.length + warnings.length).toBeGreaterThan(0);
  expect(JSON.stringify(tables).length).toBeLessThan(1024 ** 2);
}

async function compare(directory: string, names: readonly string[]): Promise<void> {
  const differing: string[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const [sampled, shown] = [await sampledAs(path), await shownAs(path)];
    if (sampled !== shown) differing.push(`${name}: sampled as ${sampled}, shown as ${shown}`);
  }
  expect(differing).toEqual([]);
}

test("every fixture is shown as what it is sampled as, or fails with the same code", async () => {
  const names = filesBelow(fixtures);
  expect(names.length).toBeGreaterThan(300);
  await compare(fixtures, names);
});

test("so is every real file of the corpus", { timeout: 600_000 }, async ({ skip }) => {
  if (!existsSync(corpus)) skip(`there is no corpus at ${corpus}`);
  const names = filesBelow(corpus);
  await compare(corpus, names);
  expect(process.resourceUsage().maxRSS).toBeLessThan(700 * 1024);
});

test("a fixture with a few bytes changed is shown, or fails with a code; never anything else", async () => {
  const random = randomFrom(20_260_118);
  const directory = mkdtempSync(join(tmpdir(), "view-damage-"));
  try {
    for (const name of filesBelow(fixtures)) {
      const whole = readFileSync(join(fixtures, name));
      for (let i = 0; i < DAMAGES && whole.length > 0; i += 1) {
        const bytes = Buffer.from(whole);
        for (let left = 1 + random(4); left > 0; left -= 1) {
          bytes[random(bytes.length)] = random(256);
        }
        const path = join(directory, name.slice(name.lastIndexOf("/") + 1));
        writeFileSync(path, random(5) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
        expect(await shownAs(path), `${name}, damage ${i}`).not.toBe("UNEXPECTED");
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** Whole numbers below a bound, the same ones for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
}
