import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import avsc from "avsc";
import { afterAll, beforeAll, expect, test } from "vitest";
import { avroOf } from "../../fixtures/avro-blocks.ts";
import { utf32 } from "../../fixtures/fixture.ts";
import { int32s, run } from "../../fixtures/parquet-bytes.ts";
import {
  dataPage,
  group,
  leaf,
  parquetOf,
  Repetition,
  root,
  Type,
} from "../../fixtures/parquet-file.ts";
import { memorySource } from "../../src/lib/memory-source.ts";
import { defaultLimits as limits, takeSample } from "../../src/view/take-sample.ts";
import { readHead, readView, type View } from "../../src/view/view.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "view-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, bytes: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

const viewOf = (name: string, bytes: string | Uint8Array, rows = 20) =>
  readView(write(name, bytes), { rows });

/** Columns as `name type`, rows and notes of a view's first table. */
function firstTable({ tables: [table] }: View) {
  if (table === undefined) throw new Error("no table");
  const { columns, rows, notes } = table;
  return { columns: columns.map(({ name, type }) => `${name} ${type}`), rows, notes };
}

test.each<
  [string, string | Uint8Array, readonly string[], readonly (readonly (string | null)[])[]]
>([
  [
    "a.csv",
    "id,name\n1,x\n2,\n",
    ["id integer", "name text"],
    [
      ["1", "x"],
      ["2", ""],
    ],
  ],
  ["a.csv", "a;b\n1,5;x\n", ["a text", "b text"], [["1,5", "x"]]],
  ["a.tsv", "a\tb\n1.5\ttrue\n", ["a number", "b boolean"], [["1.5", "true"]]],
  ["a.psv", "a|b\n2026-01-18|007\n", ["a date", "b text"], [["2026-01-18", "007"]]],
  ["a.csv", 'a,b\n"x,\n""y""",2\n', ["a text", "b integer"], [['x,\n"y"', "2"]]],
  [
    "a.csv",
    "a,b\n1\n1,2,3\n",
    ["a integer", "b integer", "(3) integer"],
    [
      ["1", null, null],
      ["1", "2", "3"],
    ],
  ],
  [
    "a.csv",
    '# by, x, y\n# "z\nid;note\n1;"a, b\nc"\n',
    ["id integer", "note text"],
    [["1", "a, b\nc"]],
  ],
  [
    "a.csv",
    "Sales\n2024\n\nid~n\n1~2\n3~4\n",
    ["id integer", "n integer"],
    [
      ["1", "2"],
      ["3", "4"],
    ],
  ],
  ["a.csv", 'id,note\n1,"a \\"b\\", c\nd"\n', ["id integer", "note text"], [["1", 'a "b", c\nd']]],
  ["a.csv", utf32("# ä\nä,b\n1,😀\n", "be"), ["ä integer", "b text"], [["1", "😀"]]],
  ["a.csv", "a\rb\rc\r", ["a text"], [["b"], ["c"]]],
  ["a.csv", Buffer.from("\ufeffa,b\n1,ä\n", "utf16le"), ["a integer", "b text"], [["1", "ä"]]],
  ["a.csv", Buffer.from("a,b\n1,ä\n", "latin1"), ["a integer", "b text"], [["1", "ä"]]],
  [
    "a.csv",
    'a,b\n1,"x\n2,y\n',
    ["a integer", "b text"],
    [
      ["1", '"x'],
      ["2", "y"],
    ],
  ],
  ["a.csv", "a,,a\n1,2,3\n", ["a integer", "(2) integer", "a integer"], [["1", "2", "3"]]],
  [
    "a.jsonl",
    '{"a":1}\n{"b":"x","a":null}\n',
    ["a integer", "b text"],
    [
      ["1", null],
      [null, "x"],
    ],
  ],
  [
    "a.jsonl",
    '{"a":12345678901234567890,"b":1.10}\n',
    ["a integer", "b number"],
    [["12345678901234567890", "1.10"]],
  ],
  [
    "a.jsonl",
    '{"a":[1,{"b":18446744073709551615}],"c":{}}\n',
    ["a list", "c object"],
    [['[1,{"b":18446744073709551615}]', "{}"]],
  ],
  [
    "a.jsonl",
    '7\n{"a":true}\nno json\n',
    ["value mixed", "a boolean"],
    [
      ["7", null],
      [null, "true"],
      ["no json", null],
    ],
  ],
  [
    "a.json",
    '[{"a":"2026-01-18"},{"a":"2026-01-18T10:00:00Z"}]',
    ["a timestamp"],
    [["2026-01-18"], ["2026-01-18T10:00:00Z"]],
  ],
  ["a.json", "[[1,2],[3]]", ["value list"], [["[1,2]"], ["[3]"]]],
  ["a.json", '"x"', ["value text"], [["x"]]],
  ["a.json", '{"a":1}\n{"a":2}\n', ["a integer"], [["1"], ["2"]]],
  [
    "a.json",
    '{"a":NaN}\n{"a":2}\n',
    ["value text", "a integer"],
    [
      ['{"a":NaN}', null],
      [null, "2"],
    ],
  ],
  ["a.json", '{"a":1},\n{"a":2},\n', ["a integer"], [["1"], ["2"]]],
  ["a.jsonl", '{"a":1}{"a":2}\n', ["a integer"], [["1"], ["2"]]],
  ["a.jsonl", '{\n"a":1\n}\n{\n"a":2\n}\n', ["a integer"], [["1"], ["2"]]],
  ["a.jsonl", '[\n{"a":1},\n{"a":2}\n]\n', ["a integer"], [["1"], ["2"]]],
  ["a.jsonl", '{"a":[1,2]}\n', ["a list"], [["[1,2]"]]],
  ["a.gz", gzipSync('{"a":1}\n{"a":2}\n'), ["a integer"], [["1"], ["2"]]],
  ["a.csv.gz", "a,b\n1,2\n", ["a integer", "b integer"], [["1", "2"]]],
  ["a.json", '[{"a":1},', ["line text"], [['[{"a":1},']]],
  ["a.log", "one\n\ntwo", ["line text"], [["one"], [""], ["two"]]],
  ["a.csv.gz", gzipSync("a,b\n1,2\n"), ["a integer", "b integer"], [["1", "2"]]],
])("%s: %j has columns with types, and rows", async (name, bytes, columns, rows) => {
  const table = firstTable(await viewOf(name, bytes));
  expect(table).toMatchObject({ columns, rows });
});

test("what is above the header and how a text is written is said", async () => {
  const { facts } = await viewOf("a.csv", '# ä\n#\nid\u0001x\n1\u0001"a \\"b\\" c"\n');
  expect(facts).toEqual([
    ["delimiter", "U+0001"],
    ["quotes", "escaped by backslashes"],
    ["above the header", "2 lines"],
  ]);
});

test("the arrays of a JSON object are tables, and what is beside them is facts", async () => {
  const view = await viewOf(
    "a.json",
    '{"count":2,"meta":{"by":"x","none":null},"data":[{"a":1}],"more":{"list":[1,2]}}',
  );
  expect(view.facts).toEqual([
    ["count", "2"],
    ["meta.by", "x"],
    ["meta.none", "null"],
  ]);
  expect(view.tables.map(({ title, rows }) => [title, rows])).toEqual([
    ["data", [["1"]]],
    ["more.list", [["1"], ["2"]]],
  ]);
});

test.each([
  [5, 3, []],
  [2, 3, ["first 2 of 3 rows"]],
  [1, 101, ["first row; the file has more"]],
  [150, 500, ["first 150 rows; the file has more"]],
])("with %i rows asked for, a file of %i says what is left out", async (rows, there, notes) => {
  const lines = Array.from({ length: there }, (_, i) => `${i}\n`).join("");
  const table = firstTable(await viewOf("a.csv", `n\n${lines}`, rows));
  expect(table.notes).toEqual(notes);
  expect(table.rows).toHaveLength(Math.min(rows, there));
});

test("a sample that is cut by its bytes says that no more fit", async () => {
  const table = firstTable(await viewOf("a.csv", `a\n${`${"x".repeat(99_999)}\n`.repeat(30)}`, 50));
  expect(table.notes).toEqual(["first 10 rows, all that fit; the file has more"]);
});

test("cells, columns and rows are bounded, and what is left out is said", async () => {
  const wide = Array.from({ length: 5000 }, (_, i) => i).join(",");
  const many = await viewOf("wide.csv", `${wide}\n${`${wide}\n`.repeat(120)}`, 1000);
  const { columns, rows, notes } = firstTable(many);
  expect([columns.length, rows.length]).toEqual([2000, 42]);
  expect(notes).toContain("first 2,000 of 5,000 columns");
  expect(notes[0]).toMatch(/the file has more/);
  const long = firstTable(await viewOf("long.csv", `a\n${"x".repeat(1e6)}\n`));
  expect(long.rows[0]?.[0]).toBe(`${"x".repeat(200)}…`);
  const pairs = firstTable(await viewOf("pairs.jsonl", `{"a":"${"x".repeat(199)}😀😀"}\n`));
  expect(pairs.rows[0]?.[0]).toBe(`${"x".repeat(199)}…`);
});

test.each([
  ["keys.jsonl", `{${Array.from({ length: 400_000 }, (_, i) => `"k${i}":${i}`).join(",")}}\n`],
  ["numbers.json", `[[${"1e400,".repeat(900_000)}1]]`],
  ["commas.csv", `${",".repeat(7_000_000)}\n1,2\n`],
  ["quotes.csv", `a,b\n${'"'.repeat(5_000_001)}\n`],
])(
  "of a record of megabytes in %s the beginning is shown, and that is said",
  async (name, text) => {
    const view = await viewOf(name, text);
    expect(view.warnings).toContain("a record is large: its beginning is shown");
    expect(JSON.stringify(view).length).toBeLessThan(200_000);
  },
);

test("JSON nested a hundred thousand deep is shown", async () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const table = firstTable(await viewOf("deep.jsonl", `{"a":${deep}}\n`));
  expect(table.rows[0]?.[0]).toMatch(/^\[{200}…$/);
});

test("keys that mean something to JavaScript are columns like others", async () => {
  const line = '{"__proto__":{"x":1},"constructor":2,"toString":3}\n';
  const { columns, rows } = firstTable(await viewOf("proto.jsonl", line));
  expect(columns).toEqual(["__proto__ object", "constructor integer", "toString integer"]);
  expect(rows).toEqual([['{"x":1}', "2", "3"]]);
});

test("Parquet has the types of its schema, and values to the last digit", async () => {
  const types = await readView(join(fixtures, "parquet/types.parquet"), { rows: 2 });
  const { columns, rows } = firstTable(types);
  expect(columns).toEqual([
    "date date",
    "micros timestamp(us)",
    "nanos timestamp(ns)",
    "time time(us)",
    "small decimal(4, 1)",
    "wide decimal(30, 2)",
    "u8 uint8",
    "i8 int8",
    expect.any(String),
    "uuid uuid",
    expect.any(String),
  ]);
  expect(rows[0]?.slice(0, 6)).toEqual([
    "2024-01-01",
    "2024-01-01T00:00:00",
    "2024-01-01T00:00:00.000000001",
    "12:34:56",
    "0.0",
    "0.00",
  ]);
  const nested = firstTable(await readView(join(fixtures, "parquet/nested.parquet"), { rows: 1 }));
  expect(nested).toMatchObject({
    columns: [
      "i int64",
      "l list<int64>",
      "s struct<a: int64, b: list<string>>",
      "m map<string, int64>",
    ],
    rows: [["0", "[0,1]", '{"a":0,"b":["x","y0"]}', '{"k":0}']],
    notes: ["first 1 of 12 rows"],
  });
  const deltas = await readView(join(fixtures, "parquet/wrapping-deltas.parquet"), { rows: 1 });
  expect(firstTable(deltas).rows).toEqual([["9223372036854775807"]]);
});

/** Rows of lists, this many in each and all empty: a few bytes, however many there are. */
function listsOf(rows: number, lists: number): Buffer {
  const { REPEATED } = Repetition;
  const schema = [root(1), group("a", 1, REPEATED), leaf("b", Type.INT32, REPEATED)];
  const values = rows * lists;
  const starts = Array.from({ length: rows }, () => [run(1, 0, 2), run(lists - 1, 1, 2)]).flat();
  const levels = [Buffer.concat(starts), run(values, 1, 2)].flatMap((part) => [
    int32s(part.length),
    part,
  ]);
  const pages = [dataPage({ values, body: Buffer.concat(levels) })];
  return parquetOf(schema, [
    { rows, chunks: [{ type: Type.INT32, path: ["a", "b"], values, pages }] },
  ]);
}

test("of a Parquet with very many values in few bytes, as many rows are shown as have few enough", async () => {
  const { rows, notes } = firstTable(await viewOf("lists.parquet", listsOf(20, 20_000)));
  expect(rows).toHaveLength(10);
  expect(notes).toEqual(["first 10 of 20 rows"]);
});

test("a Parquet row of too many values is not decoded, and its columns are shown", async () => {
  const view = await viewOf("lists.parquet", listsOf(1, 900_000));
  expect(firstTable(view)).toMatchObject({ rows: [], notes: ["rows are not decoded"] });
  expect(view.warnings).toEqual([expect.stringContaining("a row has 900,000 values")]);
});

test("Avro has the types of its schema, also of one that holds itself", async () => {
  const everything = await readView(join(fixtures, "avro/everything.avro"), { rows: 3 });
  const { columns, rows } = firstTable(everything);
  expect(columns.slice(0, 8)).toEqual([
    "nothing null",
    "flag boolean",
    "int date",
    "long timestamp-micros",
    "float float",
    "double double",
    "bytes decimal(20, 2)",
    "string uuid",
  ]);
  expect(rows[0]?.slice(0, 4)).toEqual([null, "true", "1970-01-01", "2023-11-14T22:13:20Z"]);
  const recursive = await readView(join(fixtures, "avro/recursive.avro"), { rows: 1 });
  expect(firstTable(recursive).rows).toEqual([
    ["1", "[]", '{"value":0,"children":[],"next":null}'],
  ]);
});

test("Avro types are found whose names begin with a dot", async () => {
  const fixed = { type: "fixed", name: ".F", size: 1 };
  const fields = [
    { name: "a", type: fixed },
    { name: "b", type: ".F" },
  ];
  const schema = JSON.stringify({ type: "record", name: "x.A", fields });
  const view = await viewOf(
    "dot.avro",
    avroOf(schema, [{ records: 1, data: Buffer.from("\x01\x02") }]),
  );
  expect(firstTable(view)).toMatchObject({
    columns: ["a fixed(1)", "b fixed(1)"],
    rows: [["0x01", "0x02"]],
  });
});

test.each(["ordinary", "deflate"])("%s.avro holds what avsc reads", async (name) => {
  const path = join(fixtures, `avro/${name}.avro`);
  const view = await readView(path, { rows: 20 });
  const decoder = avsc.createFileDecoder(path);
  const read: (string | null)[][] = [];
  for await (const record of decoder as unknown as AsyncIterable<{
    id: number;
    name: string | null;
  }>) {
    read.push([String(record.id), record.name]);
  }
  expect(firstTable(view).rows).toEqual(read.slice(0, 20));
});

test("a zip is shown as its listing and its first members, and so is the sample of one", async () => {
  const view = await readView(join(fixtures, "zip/more-than-3-members.zip"), { rows: 9 });
  expect(view.tables.map(({ title }) => title)).toEqual([null, "a.txt", "b.txt", "c.txt"]);
  expect(view.tables[0]?.rows).toHaveLength(5);
  const whole = readFileSync(join(fixtures, "zip/more-than-3-members.zip"));
  const { signal } = new AbortController();
  const source = memorySource("x.zip", whole);
  const sample = await takeSample({ source, limits, signal, depth: 0, extensions: {} });
  const again = await viewOf("x_sample.zip", sample.bytes, 9);
  expect(again.tables).toEqual(view.tables);
});

test("a tar is shown as its listing, and so is the sample of one", async () => {
  const columns = ["name text", "size integer", "time timestamp"];
  const tar = firstTable(await readView(join(fixtures, "tar/ustar.tar"), { rows: 9 }));
  expect(tar.columns).toEqual(columns);
  const lines = "a\\tb\\\\\t12\t2024-01-01T00:00:00Z\nc\t0\t\n";
  expect(firstTable(await viewOf("logs_sample.txt", lines))).toMatchObject({
    columns,
    rows: [
      ["a\tb\\", "12", "2024-01-01T00:00:00Z"],
      ["c", "0", null],
    ],
  });
});

test("what is no format of ours is shown by its first bytes, and described", async () => {
  const view = await viewOf("model.bin", Buffer.alloc(1000, "\u0001\u0000ab"));
  expect(view.format).toBe("metadata");
  expect(Object.fromEntries(view.facts)).toMatchObject({ size: "1000", type: "binary" });
  const { columns, rows, notes } = firstTable(view);
  expect(columns).toEqual(["offset text", "hex text", "ascii text"]);
  expect(rows).toHaveLength(16);
  expect(rows[1]?.[0]).toBe("0010");
  expect(notes).toEqual(["the first 256 bytes of the file"]);
});

test("the beginning of a file that cannot be sampled is shown all the same", async () => {
  const path = join(fixtures, "parquet/truncated.parquet");
  await expect(readView(path, { rows: 1 })).rejects.toMatchObject({ code: "FORMAT_INVALID" });
  const view = await readHead(path, {});
  expect(firstTable(view).rows[0]?.[2]).toMatch(/^PAR1/);
});

test("an empty file is said to be one", async () => {
  expect(await viewOf("empty.csv", "")).toEqual({
    format: "empty",
    facts: [["content", "an empty file"]],
    tables: [],
    warnings: [],
  });
});

test.each([
  ["nothing.csv", "FILE_MISSING"],
  [".", "PATH_REFUSED"],
  ["/dev/zero", "PATH_REFUSED"],
])("%s is a failure with the code %s", async (name, code) => {
  const path = name.startsWith("/") ? name : join(directory, name);
  await expect(readView(path, { rows: 1 })).rejects.toMatchObject({ code });
  await expect(readHead(path, {})).rejects.toMatchObject({ code });
});

test("a file outside of the roots is refused, also behind a link", async () => {
  const inside = join(directory, "inside");
  mkdirSync(inside);
  symlinkSync("/etc/hostname", join(inside, "link.txt"));
  const options = { rows: 1, roots: [inside] };
  await expect(readView(join(inside, "link.txt"), options)).rejects.toMatchObject({
    code: "PATH_REFUSED",
  });
});

test("of a file of a terabyte no more is read than a sample of it takes", async () => {
  const path = write("huge.csv", `a,b\n${"1,2\n".repeat(50_000)}`);
  truncateSync(path, 2 ** 40);
  const before = process.resourceUsage().maxRSS;
  const table = firstTable(await readView(path, { rows: 3 }));
  expect(table.rows).toHaveLength(3);
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(50 * 1024);
  const zeros = write("zeros.bin", "");
  truncateSync(zeros, 2 ** 40);
  expect((await readView(zeros, { rows: 1 })).format).toBe("metadata");
});

test("a bomb of a kilobyte for each megabyte is shown in bounded memory", async () => {
  const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024, "a"));
  const before = process.resourceUsage().maxRSS;
  const view = await viewOf("bomb.txt.gz", bomb);
  expect(view.format).toBe("metadata");
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(150 * 1024);
});

test("a member that is damaged is said to be, beside the others", async () => {
  const view = await readView(join(fixtures, "zip/broken-member.zip"), { rows: 5 });
  expect(view.warnings.join()).toMatch(/a\.txt: listed only/);
});
