import avsc, { type Schema } from "avsc";
import { expect, test } from "vitest";
import { masked, rule, settingsWith } from "./helpers.ts";

const schema = {
  type: "record",
  name: "Person",
  doc: "ann@b.c made this",
  fields: [
    { name: "id", type: "long" },
    { name: "email", type: ["null", "string"], default: null, doc: "like ann@b.c" },
    { name: "phone", type: { type: "fixed", name: "Phone", size: 7 } },
    { name: "born", type: { type: "int", logicalType: "date" } },
    { name: "pay", type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 } },
    { name: "score", type: "double" },
    { name: "kind", type: { type: "enum", name: "Kind", symbols: ["A", "B"] } },
    { name: "tags", type: { type: "array", items: "string" } },
    { name: "by", type: { type: "map", values: "int" } },
    { name: "ok", type: "boolean" },
  ],
} as unknown as Schema;

const person = (id: number) => ({
  id,
  email: id === 2 ? null : { string: `ann${id}@b.c` },
  phone: Buffer.from("0123456"),
  born: 12_345,
  pay: Buffer.from([0x01, 0x02]),
  score: 1.25,
  kind: "B",
  tags: ["a", "b"],
  by: { ann: 7 },
  ok: true,
});

/** Lets avsc write the words of a logical type, and leaves values as they are. */
class Logical extends avsc.types.LogicalType {
  readonly words: object;

  constructor(attributes: Schema) {
    super(attributes);
    const { logicalType, precision, scale } = attributes as unknown as Record<string, unknown>;
    this.words = { logicalType, precision, scale };
  }
  protected override _fromValue = (value: unknown) => value;
  protected override _toValue = (value: unknown) => value;
  protected override _export(to: Schema): void {
    Object.assign(to as object, this.words);
  }
}
const logicalTypes = { decimal: Logical, date: Logical } as never;

function fileOf(codec: string): Promise<Buffer> {
  const type = avsc.Type.forSchema(schema, { wrapUnions: true, logicalTypes });
  const encoder = new avsc.streams.BlockEncoder(type, { codec });
  const pieces: Buffer[] = [];
  encoder.on("data", (piece: Buffer) => pieces.push(piece));
  for (const id of [1, 2, 3]) encoder.write(person(id));
  encoder.end();
  return new Promise((resolve) => encoder.on("end", () => resolve(Buffer.concat(pieces))));
}

async function read(
  bytes: Buffer,
): Promise<{ header: Buffer; records: ReturnType<typeof person>[] }> {
  const decoder = new avsc.streams.BlockDecoder({
    parseHook: (json) => avsc.Type.forSchema(json, { wrapUnions: true }),
  });
  const records: ReturnType<typeof person>[] = [];
  let header = Buffer.alloc(0);
  decoder.on("metadata", (_, __, meta) => (header = Buffer.from(JSON.stringify(meta))));
  decoder.on("data", (record) => records.push(record));
  decoder.end(bytes);
  await new Promise((resolve) => decoder.on("end", resolve));
  return { header, records };
}

test.each(["null", "deflate"])("each value is masked as one of its type (%s)", async (codec) => {
  const bytes = await fileOf(codec);
  const ways = { leaks: "warn" } as const;
  const all = rule(["email", "phone", "born", "pay", "score", "kind", "tags", "ok"]);
  const { bytes: is, summary } = await masked("a.avro", bytes, settingsWith([all], ways));
  expect(summary).toMatchObject({ format: "avro", rows: 3, warnings: [] });
  const { records } = await read(is);
  expect(records).toHaveLength(3);
  const [first, second] = records as [ReturnType<typeof person>, ReturnType<typeof person>];
  expect(first.email?.string).toMatch(/^[A-Z2-7]{16}$/);
  expect(second.email).toBeNull();
  expect([first.id, first.by]).toMatchObject([1, { ann: 7 }]);
  expect(String(first.phone)).toMatch(/^[A-Z2-7]{7}$/);
  expect(String(first.born)).toMatch(/^[1-9]\d{4}$/);
  expect(first.pay.readInt16BE()).toBeGreaterThanOrEqual(100);
  expect(first.pay.readInt16BE()).toBeLessThan(1000);
  expect(String(first.score)).toMatch(/^[1-9]\.\d+$/);
  expect([first.kind, first.ok]).toEqual(["S0", false]);
  expect(first.tags).toHaveLength(2);
  expect(is.toString("latin1")).not.toContain("ann@b.c");
});

test("symbols of a masked enum are values, and numbered; those of others stay", async () => {
  const place = (name: string, symbols: readonly string[]) => ({
    name: name.toLowerCase(),
    type: { type: "enum", name, symbols },
  });
  const fields = [place("Boss", ["ANN_SECRET", "BOB_SECRET"]), place("Kind", ["A", "B"])];
  const type = avsc.Type.forSchema({ type: "record", name: "R", fields } as unknown as Schema);
  const encoder = new avsc.streams.BlockEncoder(type, { codec: "null" });
  const pieces: Buffer[] = [];
  encoder.on("data", (piece: Buffer) => pieces.push(piece));
  encoder.end({ boss: "BOB_SECRET", kind: "B" });
  await new Promise((resolve) => encoder.on("end", resolve));
  const rules = settingsWith([rule("boss")]);
  const { bytes } = await masked("a.avro", Buffer.concat(pieces), rules);
  expect(bytes.toString("latin1")).not.toContain("SECRET");
  expect((await read(bytes)).records).toMatchObject([{ boss: "S0", kind: "B" }]);
});

test("keys of maps are values where a rule says so; what is not masked is as it was", async () => {
  const bytes = await fileOf("null");
  const rules = settingsWith([rule("by", { keys: true })]);
  const { records } = await read((await masked("a.avro", bytes, rules)).bytes);
  const before = await read(bytes);
  expect(Object.keys(records[0]?.by ?? {})[0]).toMatch(/^[A-Z2-7]{16}$/);
  const others = (all: typeof records) => all.map((one) => ({ ...one, by: undefined }));
  expect(others(records)).toEqual(others(before.records));
});

test("damaged data is described, without content", async () => {
  const bytes = await fileOf("null");
  const rules = settingsWith([rule("email")]);
  const { text, summary } = await masked("a.avro", bytes.subarray(0, -20), rules);
  expect(summary.warnings.join()).not.toContain("ann");
  expect(text).not.toContain("ann3@b.c");
});
