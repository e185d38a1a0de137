import { isRecords } from "../../src/samples/path.ts";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { MTIME, rows, type World } from "../helpers/world.ts";

/** The datasets that `fillRichly` fills. */
export const DATASETS = ["acme/orders/v1", "acme/other/v1"] as const;

/** The facts of one entry, without times and numbers of attempts. */
type Fact = Readonly<Record<string, unknown>>;

/** The state of a lake before its cache was damaged. */
export interface Before {
  readonly facts: readonly Fact[];
  /** Path → inode, mtime in ns and size, of every sample. */
  readonly samples: ReadonlyMap<string, string>;
}

/**
 * Fills two datasets with what makes a cache rich: names that collide, files that are not what their
 * name says, files that came twice, and ones that failed. `count` plain files besides.
 */
export async function fillRichly(world: World, count: number): Promise<void> {
  for (const dataset of DATASETS) {
    for (let i = 0; i < count; i += 1) {
      await world.put(`${"long-directory-name/".repeat(6)}part-${i}.csv`, rows(i % 7), { dataset });
    }
    await world.put("a/data.csv", rows(5), { dataset });
    await world.put("b/data.csv", rows(6), { dataset });
    await world.put("c.tar", Buffer.alloc(1024), { dataset });
    await world.put("d.csv", Buffer.alloc(2000, 7), { dataset });
    await world.put("broken.zip", "no zip", { dataset });
  }
  await world.pass();
  await world.put("a/data.csv", rows(7), { mtime: MTIME + 1 });
  // Its name is taken by what d.csv became.
  await world.put("d.bin", Buffer.alloc(2000, 8));
  await world.pass();
}

/** Remembers a lake. */
export function remember(world: World): Before {
  return { facts: factsOf(world), samples: samplesOf(world) };
}

/**
 * Everything is known as it was, and not one sample was written again. The receipts apart: what
 * failed is tried once more.
 */
export function expectAsBefore(world: World, before: Before): void {
  expect(factsOf(world)).toEqual(before.facts);
  expect(samplesOf(world)).toEqual(before.samples);
}

/** The cache's facts of every entry. */
function factsOf(world: World): readonly Fact[] {
  return world
    .rows()
    .map(({ dataset, raw, mtime, outcome, sample, format, bytes, code, stale }) => ({
      dataset,
      raw,
      mtime,
      outcome,
      sample,
      format,
      bytes,
      code,
      stale,
    }))
    .toSorted((a, b) => (`${a.dataset} ${a.raw}` < `${b.dataset} ${b.raw}` ? -1 : 1));
}

function samplesOf(world: World): ReadonlyMap<string, string> {
  const seen = new Map<string, string>();
  for (const dataset of DATASETS) {
    const directory = world.path("samples", dataset);
    for (const name of readdirSync(directory).toSorted()) {
      if (isRecords(name)) continue;
      const { ino, mtimeNs, size } = lstatSync(join(directory, name), { bigint: true });
      seen.set(`${dataset}/${name}`, `${ino} ${mtimeNs} ${size}`);
    }
  }
  return seen;
}

/** `audit` finds nothing but what failed before. */
export async function expectCleanAudit(world: World): Promise<void> {
  const { stdout, stderr } = await world.run(["audit", "--json"]);
  expect(stderr).toBe("");
  const audited = JSON.parse(stdout) as { readonly counts: Record<string, number> }[];
  expect(audited).toHaveLength(DATASETS.length);
  for (const { counts } of audited) {
    expect(counts).toMatchObject({
      missing: 0,
      lost: 0,
      orphan: 0,
      unread: 0,
      stale: 0,
      waiting: 0,
      failed: 1,
    });
  }
}
