import yauzl from "yauzl";
import { describe, expect, test } from "vitest";
import { dbfOf } from "../../fixtures/make-dbf.ts";
import { shapefileZip } from "../../fixtures/make-shapefile.ts";
import { linesOf, pointsOf } from "../../fixtures/shape-bytes.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { sampleBytes, sampleOf } from "../helpers/sample.ts";

const RECORD_BYTES = 28;

describe("a shapefile alone", () => {
  test("has its header with another length, and its first records", async () => {
    const { shp } = pointsOf(9);
    const { bytes, summary } = await sampleOf("a.shp", shp, { limits: { rows: 4 } });
    expect(summary).toEqual({ format: "shp", rows: 4, complete: false, cut: "rows", warnings: [] });
    expect(bytes).toHaveLength(100 + 4 * RECORD_BYTES);
    expect(2 * bytes.readUInt32BE(24)).toBe(bytes.length);
    expect(bytes.subarray(28).equals(shp.subarray(28, bytes.length))).toBe(true);
  });

  test("and so has its index", async () => {
    const { shx } = pointsOf(9);
    const { bytes } = await sampleOf("a.shx", shx, { limits: { rows: 4 } });
    expect(bytes).toHaveLength(100 + 4 * 8);
    expect(2 * bytes.readUInt32BE(24)).toBe(bytes.length);
    expect(bytes.subarray(28).equals(shx.subarray(28, bytes.length))).toBe(true);
  });

  test("that is not cut is kept byte for byte", async () => {
    for (const one of [pointsOf(3).shp, pointsOf(0).shp, linesOf(3, 2).shp]) {
      expect((await sampleOf("a.shp", one)).bytes.equals(one)).toBe(true);
    }
  });

  test("records are fewer where they are large, but one is kept", async () => {
    const { shp } = linesOf(9, 10);
    const limits = { bytes: 500 };
    expect((await sampleOf("a.shp", shp, { limits })).summary).toMatchObject({
      rows: 1,
      cut: "bytes",
    });
    expect((await sampleOf("a.shp", shp, { limits: { bytes: 10 } })).summary.rows).toBe(1);
    expect(await sampleBytes("a.shp", shp, { limits: { recordBytes: 99 } })).toMatchObject({
      kind: "none",
    });
  });

  test("a record without content is damage", async () => {
    const { shp } = pointsOf(3);
    shp.writeUInt32BE(0, 100 + RECORD_BYTES + 4);
    expect((await sampleOf("a.shp", shp)).summary).toMatchObject({
      rows: 1,
      complete: false,
      warnings: ["damaged or truncated: a record without a shape"],
    });
  });

  test("without a name, an index is told from what it leads to", async () => {
    expect((await sampleOf("a", pointsOf(3).shx)).summary.format).toBe("shx");
    expect((await sampleOf("a", pointsOf(1).shx)).summary.format).toBe("shx");
    const { shp } = pointsOf(3);
    shp.writeUInt32BE(50, 100);
    expect((await sampleOf("a", shp)).summary.format).toBe("shp");
  });
});

describe("the files of a shapefile in a zip", () => {
  test("have the same first records, and count as one member", async () => {
    const { bytes, summary } = await sampleOf("a.zip", shapefileZip(linesOf(120, 20), 120), {
      limits: { members: 2, bytes: 4096 },
    });
    const members = await membersOf(bytes);
    expect([...members.keys()]).toEqual([
      "_manifest.txt",
      "roads/README.txt",
      "roads/a.cpg",
      "roads/a.dbf",
      "roads/a.prj",
      "roads/A.SHP",
      "roads/a.shx",
    ]);
    const [shp, shx, dbf] = ["A.SHP", "a.shx", "a.dbf"].map(
      (name) => members.get(`roads/${name}`) as Buffer,
    ) as [Buffer, Buffer, Buffer];
    const rows = dbf.readUInt32LE(4);
    expect(rows).toBe(10);
    expect(2 * shp.readUInt32BE(24)).toBe(shp.length);
    expect(2 * shx.readUInt32BE(24)).toBe(shx.length);
    expect(shx).toHaveLength(100 + 8 * rows);
    const last = 2 * shx.readUInt32BE(shx.length - 8) + 8 + 2 * shx.readUInt32BE(shx.length - 4);
    expect(last).toBe(shp.length);
    expect(members.get("roads/a.prj")?.toString()).toBe('GEOGCS["WGS 84",DATUM["WGS_1984"]]');
    expect(summary).toMatchObject({ complete: false, warnings: [] });
  });

  test("are left out, but for the table, where the index has an order of its own", async () => {
    const { shp, shx } = pointsOf(5);
    const swapped = Buffer.concat([
      shx.subarray(0, 100),
      shx.subarray(108, 116),
      shx.subarray(100, 108),
      shx.subarray(116),
    ]);
    const { bytes, summary } = await sampleOf("a.zip", shapefileZip({ shp, shx: swapped }, 5));
    expect([...(await membersOf(bytes)).keys()]).not.toContain("roads/A.SHP");
    expect([...(await membersOf(bytes)).keys()]).toContain("roads/a.dbf");
    expect(summary.warnings).toEqual([
      expect.stringContaining("does not lead to its first shapes"),
    ]);
    expect(summary.complete).toBe(false);
  });

  test("are as few as a damaged one of them has", async () => {
    const { shp, shx } = pointsOf(5);
    const zip = shapefileZip({ shp: shp.subarray(0, -1), shx }, 5);
    const members = await membersOf((await sampleOf("a.zip", zip)).bytes);
    expect(members.get("roads/a.dbf")?.readUInt32LE(4)).toBe(4);
    expect(members.get("roads/a.shx")).toHaveLength(100 + 4 * 8);
  });

  test("many of one name are no one group", async () => {
    const entries = Array.from({ length: 9 }, () => ({ name: "a.shp", data: pointsOf(2).shp }));
    const { bytes, summary } = await sampleOf("a.zip", zipOf(entries));
    expect((await membersOf(bytes)).size).toBe(4);
    expect(summary.cut).toBe("members");
  });

  test("a table without shapes is alone", async () => {
    const entries = ["a.dbf", "b.dbf"].map((name) => ({ name, data: dbfOf(3) }));
    const { bytes } = await sampleOf("a.zip", zipOf(entries), { limits: { members: 1 } });
    expect((await membersOf(bytes)).size).toBe(2);
  });
});

/** The members of a zip, by name, as another reader has them. */
async function membersOf(bytes: Buffer): Promise<Map<string, Buffer>> {
  const members = new Map<string, Buffer>();
  const zip = await yauzl.fromBufferPromise(bytes);
  for await (const entry of zip.eachEntry()) {
    const pieces: Uint8Array[] = [];
    for await (const piece of await zip.openReadStreamPromise(entry))
      pieces.push(piece as Uint8Array);
    members.set(entry.fileName, Buffer.concat(pieces));
  }
  return members;
}
