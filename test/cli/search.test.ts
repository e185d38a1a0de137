import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { indexSamples } from "../../src/inspect/search/index-samples.ts";
import { valuesIn } from "../../src/inspect/search/values.ts";
import { phraseTest, wordsIn } from "../../src/lib/words.ts";
import { openSearchIndex, openSearchIndexToRead } from "../../src/store/open.ts";
import { readView } from "../../src/view/view.ts";
import { command } from "../helpers/command.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

/** Samples in several formats, with words that are quoted, escaped and compressed. */
async function createLake(config: object = {}): Promise<World> {
  const world = await createWorld(config);
  await world.put(
    "people.csv",
    'id,email,town\n1,ann@example.org,"New\nYork"\n2,bo@example.org,Bonn\n',
  );
  await world.put(
    "leads_100%.jsonl",
    '{"who":"J\\u00fcrgen \\u0041bt","n":7}\n{"who":"x","n":8}\n',
    {
      dataset: "globex/b/v1",
    },
  );
  await world.put("old.csv.gz", gzipSync("id,town\n9,NEW-YORK (USA)\n"), {
    dataset: "globex/b/v1",
  });
  await world.put("book.xlsx", await readFile("fixtures/xlsx/ordinary.xlsx"), {
    dataset: "globex/c/v1",
  });
  await world.put("rows.csv", rows(3), { dataset: "globex/c/v1" });
  await world.put("bare.csv", "7,Ulm,2.5\n8,Rom,3.5\n", { dataset: "globex/d/v1" });
  await world.put("bare.csv.gz", gzipSync("7,Genf,2.5\n8,Rom,3.5\n"), { dataset: "globex/d/v1" });
  await world.pass();
  return world;
}

/** Lines of output, as fields. */
const fieldsOf = (text: string) =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t"));

/** Words and phrases, and the raws that have them. */
const VALUES: readonly (readonly [string, readonly string[]])[] = [
  ["new york", ["raw/people.csv", "raw/old.csv.gz"]],
  ["New-York", ["raw/people.csv", "raw/old.csv.gz"]],
  ["yor", []],
  ["york new", []],
  ["bo@example.org", ["raw/people.csv"]],
  ["example", ["raw/people.csv"]],
  ["jürgen", ["raw/leads_100%.jsonl"]],
  ["JÜRGEN ABT", ["raw/leads_100%.jsonl"]],
  ["abt", ["raw/leads_100%.jsonl"]],
  ["8", ["raw/leads_100%.jsonl", "raw/bare.csv", "raw/bare.csv.gz"]],
  // The first record of a file without a header has values; names of columns are none.
  ["ulm", ["raw/bare.csv"]],
  ["genf", ["raw/bare.csv.gz"]],
  ["email", []],
  ["name", ["raw/book.xlsx"]],
  ["!?", []],
];

/** The raws whose samples have a text, sorted, by the index if there is one. */
async function valuesOf(world: World, text: string): Promise<string[]> {
  const { queries } = world.store();
  const index = openSearchIndexToRead(world.state);
  const raws: string[] = [];
  const search = { settings: world.settings(), queries, index, view: readView, text };
  const datasets = await queries.datasets();
  for await (const { raw } of valuesIn({ ...search, datasets, isOver: () => false }))
    raws.push(raw);
  await index?.close();
  return raws.toSorted();
}

/** Brings the index up to date, in this process. Returns how many samples it took in. */
async function bringUpToDate(world: World): Promise<number> {
  const { queries } = world.store();
  const index = openSearchIndex(world.state);
  const signal = new AbortController().signal;
  const options = { settings: world.settings(), queries, index, view: readView, signal };
  const datasets = await queries.datasets();
  const added = await indexSamples({ ...options, datasets, onAdded: () => undefined });
  await index.close();
  return added;
}

test("files, columns and values are found over all datasets", async () => {
  await using world = await createLake();
  const found = await command(world, "search", "EMAIL");
  expect(fieldsOf(found.stdout)).toEqual([
    [
      "column",
      "acme/orders/v1",
      "raw/people.csv",
      "email",
      "text",
      "csv",
      "1 file",
      "raw/people.csv",
    ],
  ]);
  const town = await command(world, "search", "bonn");
  expect(fieldsOf(town.stdout)).toEqual([
    ["value", "acme/orders/v1", "raw/people.csv", "town", "row 2", "Bonn"],
  ]);
  const file = await command(world, "search", "LEADS_100%");
  expect(fieldsOf(file.stdout)).toEqual([["file", "globex/b/v1", "raw/leads_100%.jsonl"]]);
  // A percent sign and an underscore stand for themselves.
  const { queries } = world.store();
  const datasets = await queries.datasets();
  for (const text of ["l%s", "leads.100", "l_ads"])
    expect(await queries.rawsContaining({ text, datasets, count: 9 }), text).toEqual([]);
});

test("a value is found by its whole words, with an index as without one", async () => {
  await using world = await createLake();
  for (const [text, raws] of VALUES)
    expect(await valuesOf(world, text), text).toEqual([...raws].toSorted());
  expect(await bringUpToDate(world)).toBe(7);
  expect(await bringUpToDate(world)).toBe(0);
  for (const [text, raws] of VALUES)
    expect(await valuesOf(world, text), `${text}, indexed`).toEqual([...raws].toSorted());
});

test("what came after the index was made is found, and what is gone is not", async () => {
  await using world = await createLake();
  await bringUpToDate(world);
  await world.put("people.csv", "id,email,town\n1,cy@example.org,Turin\n", {
    mtime: 1_800_000_000,
  });
  await world.put("late.csv", "id,town\n1,Bonn\n");
  await world.pass();
  for (const added of [2, 0]) {
    expect(await valuesOf(world, "bonn")).toEqual(["raw/late.csv"]);
    expect(await valuesOf(world, "turin")).toEqual(["raw/people.csv"]);
    expect(await bringUpToDate(world)).toBe(added);
  }
});

test("an index that is damaged, or of another version, is made anew; to search it is an error", async () => {
  await using world = await createLake();
  const made = await command(world, "search", "--index");
  expect(made).toMatchObject({ code: 0, stdout: "" });
  expect(made.stderr).toMatch(/7 samples added to the index, 7 in all/);
  await writeFile(join(world.state, "search.db"), Buffer.alloc(8192, 7));
  const broken = await command(world, "search", "bonn");
  expect(broken).toMatchObject({ code: 1 });
  expect(broken.stderr).toMatch(/CACHE_UNUSABLE: cannot use the index .*search.db: .*--index/);
  expect((await command(world, "search", "bonn", "--index")).stdout).toContain("Bonn");
});

test("samples that cannot be looked at are told, and so is a search that finds nothing", async () => {
  await using world = await createLake();
  await rm(world.path("samples/people_sample.csv"));
  const gone = await command(world, "search", "bonn");
  expect(gone).toMatchObject({ code: 0, stdout: "" });
  expect(gone.stderr).toContain("nothing has bonn");
  expect(gone.stderr).toContain("1 sample could not be looked at");
  expect((await command(world, "search")).stderr).toContain("search for which text?");
});

test("a search ends when its time is over, and says that there are more", async () => {
  await using world = await createLake();
  const settings = world.settings();
  const { queries } = world.store();
  let left = 2;
  const search = valuesIn({
    settings,
    queries,
    index: undefined,
    view: readView,
    text: "nowhere",
    datasets: await queries.datasets(),
    isOver: () => left-- === 0,
  });
  const { value } = await search.next();
  expect(value).toEqual({ looked: 2, failed: 0, isComplete: false });
});

test("an index of which most is gone is made anew", async () => {
  await using world = await createLake();
  const gone = Array.from({ length: 1200 }, (_, i) => ({
    dataset: "acme/gone/v1",
    raw: `raw/${i}`,
    at: i,
    words: ["bonn"],
  }));
  const index = openSearchIndex(world.state);
  await index.add(gone);
  const added = await bringUpToDate(world);
  expect(await index.count()).toBe(added);
  expect((await index.samplesWith(["bonn"], 10)).map(({ raw }) => raw)).toEqual(["raw/people.csv"]);
  await index.close();
});

test("words are letters, marks and digits; a phrase has them whole and in order", () => {
  expect(wordsIn("Ann-Marie, 2.5 café d'été")).toEqual([
    "ann",
    "marie",
    "2",
    "5",
    "café",
    "d",
    "été",
  ]);
  // A letter and its mark may be one character, or two.
  expect(wordsIn("cafe\u0301")).toEqual(wordsIn("caf\u00e9"));
  const test = phraseTest(wordsIn("new york"));
  expect(["New York", "new\n york.", "anew york", "new yorker", "new, old york"].map(test)).toEqual(
    [true, true, false, false, false],
  );
});
