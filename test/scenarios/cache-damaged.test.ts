import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import {
  type Before,
  expectAsBefore,
  expectCleanAudit,
  fillRichly,
  remember,
} from "../store/rich-lake.ts";
import { cachePath } from "../../src/store/sqlite/cache-files.ts";
import { createWorld, type World } from "../helpers/world.ts";

const PAGE = 4096;
/** Pages that are damaged in each way; all of them with CACHE_PAGES=1000. */
const PAGES = Number(process.env["CACHE_PAGES"] ?? 3);

/** A lake, its cache as one file, and what is known of it. */
interface Ground {
  readonly world: World;
  readonly before: Before;
  readonly whole: Buffer;
}

async function prepare(world: World): Promise<Ground> {
  await fillRichly(world, 60);
  const before = remember(world);
  world.close();
  return { world, before, whole: readFileSync(cachePath(world.state)) };
}

/** Puts a damaged cache in place. Whatever earlier damage left is cleared away. */
function place({ world }: Ground, bytes: Uint8Array): void {
  world.close();
  for (const name of readdirSync(world.state)) rmSync(join(world.state, name));
  writeFileSync(cachePath(world.state), bytes);
}

const asides = (world: World) =>
  readdirSync(world.state).filter((name) => /broken-[^-]*-[^-]*-[^-]*$/.test(name));

/** A pass with a damaged cache: moved aside as it was, everything known again, nothing redone. */
async function expectRebuilt(ground: Ground, bytes: Uint8Array, what: string): Promise<void> {
  const { world, before } = ground;
  place(ground, bytes);
  const { summary } = await world.pass();
  expect(summary, what).toMatchObject({ sampled: 0, paused: 0, errors: 0 });
  expectAsBefore(world, before);
  const [aside = "", ...others] = asides(world);
  expect(others).toEqual([]);
  expect(aside, what).not.toBe("");
  expect(readFileSync(join(world.state, aside)).equals(bytes), what).toBe(true);
}

test("a cache that was cut, at whatever length, is moved aside as it is, and rebuilt", async () => {
  await using world = await createWorld();
  const ground = await prepare(world);
  const { length } = ground.whole;
  const middle = Math.floor(length / PAGE / 2) * PAGE;
  const lengths = [0, 1, 50, 100, 511, 512, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE];
  for (const kept of [...lengths, middle - 1, middle, middle + 100, length - PAGE, length - 1]) {
    await expectRebuilt(ground, ground.whole.subarray(0, kept), `${kept} of ${length} bytes`);
  }
  await expectCleanAudit(world);
});

/** Damages of one page. */
const damages: Readonly<Record<string, (page: Buffer, whole: Buffer, at: number) => void>> = {
  "is zeros": (page) => page.fill(0),
  "is noise": (page, _whole, at) => {
    for (let i = 0; i < PAGE; i += 1) page[i] = (i * 2_654_435_761 + at * 40_503) >>> 7;
  },
  "ends in zeros": (page) => page.fill(0, PAGE / 2),
  "is another page": (page, whole, at) => {
    const other = (at + 7 * PAGE) % whole.length;
    whole.copy(page, 0, other, other + PAGE);
  },
  "holds another page's second half": (page, whole, at) => {
    const other = (at + 7 * PAGE) % whole.length;
    whole.copy(page, PAGE / 2, other + PAGE / 2, other + PAGE);
  },
};

test.each(Object.entries(damages))(
  "a cache of which a page %s is moved aside and rebuilt, or everything in it is still right",
  async (_what, damage) => {
    await using world = await createWorld();
    const ground = await prepare(world);
    const { whole, before } = ground;
    const pages = whole.length / PAGE;
    expect(pages).toBeGreaterThan(30);
    const step = Math.max(1, Math.floor(pages / PAGES));
    let rebuilt = 0;
    for (let page = 0; page < pages; page += step) {
      const bytes = Buffer.from(whole);
      damage(bytes.subarray(page * PAGE, (page + 1) * PAGE), whole, page * PAGE);
      if (bytes.equals(whole)) continue;
      place(ground, bytes);
      const { summary } = await world.pass();
      expect(summary, `page ${page}`).toMatchObject({ sampled: 0, errors: 0 });
      expectAsBefore(world, before);
      rebuilt += asides(world).length;
    }
    expect(rebuilt).toBeGreaterThan(0);
    await expectCleanAudit(world);
  },
);

test("a cache whose index does not hold what its table holds is moved aside", async () => {
  await using world = await createWorld();
  const ground = await prepare(world);
  const scratch = join(world.root, "scratch.db");
  writeFileSync(scratch, ground.whole);
  // The page of the index is put back to what it was before an entry became due: a lost write.
  const db = new Database(scratch);
  const page = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'due'").pluck().get();
  db.exec("UPDATE files SET next_at = 1 WHERE raw = 'raw/a/data.csv'");
  db.close();
  const bytes = readFileSync(scratch);
  const at = (Number(page) - 1) * PAGE;
  ground.whole.copy(bytes, at, at, at + PAGE);
  const check = new Database(bytes);
  expect(check.pragma("quick_check", { simple: true })).toBe("ok");
  check.close();
  await expectRebuilt(ground, bytes, "index");
});

test("a cache whose version is not that of its tables is moved aside", async () => {
  await using world = await createWorld();
  const ground = await prepare(world);
  for (const version of [0, -1]) {
    const db = new Database(ground.whole);
    db.pragma(`user_version = ${version}`);
    const bytes = db.serialize();
    db.close();
    await expectRebuilt(ground, bytes, `version ${version}`);
  }
});

test("run --once tells of an empty cache and of one that is only a log, and rebuilds both", async () => {
  await using world = await createWorld();
  const ground = await prepare(world);
  place(ground, Buffer.alloc(0));
  const empty = await world.run(["run", "--once", "--json"]);
  expect(empty.stderr).toMatch(
    /cache moved aside: it is damaged: cut to 0 bytes; it is kept as .*broken-/,
  );
  expect(JSON.parse(empty.stdout)).toMatchObject({ sampled: 0, errors: 0 });

  place(ground, ground.whole);
  rmSync(cachePath(world.state));
  writeFileSync(`${cachePath(world.state)}-wal`, ground.whole);
  const alone = await world.run(["run", "--once", "--json"]);
  expect(alone.stderr).toMatch(/cache moved aside: it is gone, and its log is still there/);
  expect(JSON.parse(alone.stdout)).toMatchObject({ sampled: 0, errors: 0 });
  expect(readdirSync(world.state).filter((name) => name.endsWith("-wal"))).toHaveLength(1);
  expectAsBefore(world, ground.before);
  await expectCleanAudit(world);
});
