import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bytesOf, hdf5Of, netcdfOf, npyOf, pdfOf, savOf } from "../../fixtures/described-bytes.ts";
import { memorySource, sampleOf, sampleSource } from "../helpers/sample.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/unknown");

const columns = [
  { name: "id", type: "long" },
  { name: "name", type: "str9" },
];
const dimensions = [
  { name: "time", length: 3 },
  { name: "lat", length: 5 },
];
const arrays = [
  { name: "time", type: "double", shape: [3] },
  { name: "q", type: "float", shape: [3, 5] },
];
const picture = { width: 30, height: 20 };

test.each([
  ["pages.pdf", { mediaType: "application/pdf", version: "1.4", pages: 7, encrypted: false }],
  ["for-the-web.pdf", { version: "1.5", pages: 12 }],
  ["locked.pdf", { encrypted: true }],
  ["packed-table.pdf", { version: "1.5", encrypted: false }],
  ["grey.png", { ...picture, bits: 32 }],
  ["frame.jpg", { ...picture, bits: 24 }],
  ["two.gif", { ...picture, bits: 2 }],
  ["down.bmp", { ...picture, bits: 24 }],
  ["old.bmp", { ...picture, bits: 4 }],
  ["little.tiff", { width: 3, height: 2, bits: 24 }],
  ["big.tif", { width: 3, height: 2, bits: 24 }],
  ["lossy.webp", { mediaType: "image/webp", ...picture }],
  ["lossless.webp", picture],
  ["extended.webp", picture],
  ["table.h5", { version: "superblock 0", names: ["orders", "möre"] }],
  ["newer.hdf5", { version: "superblock 3" }],
  ["classic.nc", { version: "classic 1", dimensions, arrays }],
  ["offsets.nc", { version: "classic 2", dimensions, arrays }],
  ["wide.nc", { version: "classic 5", dimensions, arrays }],
  ["array.npy", { arrays: [{ type: "<f8", shape: [3, 4] }] }],
  [
    "records.npy",
    {
      rows: 5,
      columns: [
        { name: "id", type: "<i4" },
        { name: "at", type: "<f8" },
      ],
    },
  ],
  [
    "arrays.npz",
    {
      arrays: [
        { name: "x", type: "|b1", shape: [] },
        { name: "y", type: "<i8", shape: [9] },
      ],
    },
  ],
  ["old.dta", { version: "114", rows: 7, columns }],
  [
    "new.dta",
    {
      version: "118",
      rows: 7,
      columns: [
        { name: "id", type: "double" },
        { name: "naïve", type: "str12" },
      ],
    },
  ],
  [
    "survey.sav",
    {
      rows: 41,
      columns: [
        { name: "AGE", type: "number" },
        { name: "CITY", type: "string(12)" },
      ],
    },
  ],
  ["narrow.sas7bdat", { tables: [{ name: "ORDERS", rows: 7, columns: 3 }] }],
  ["wide.sas7bdat", { tables: [{ name: "ORDERS", rows: 7, columns: 3 }] }],
  ["schema.desc", { messages: ["acme.v1.Order", "acme.v1.Item"] }],
  ["model.pkl", { reason: "a pickle is never loaded: that would run what it holds" }],
])("%s is described with what its header tells", async (name, facts) => {
  expect(await descriptionOf(name, readFileSync(join(fixtures, name)))).toMatchObject(facts);
});

test("pages are not told where nothing leads to them", async () => {
  for (const name of ["packed-table.pdf", "locked.pdf", "no-end.pdf"]) {
    const described = await descriptionOf(name, readFileSync(join(fixtures, name)));
    expect(described).not.toHaveProperty("pages");
  }
  const grown = Buffer.concat([readFileSync(join(fixtures, "for-the-web.pdf")), Buffer.from("\n")]);
  expect(await descriptionOf("a.pdf", grown)).not.toHaveProperty("pages");
});

test("of a changed PDF, the newest table counts first", async () => {
  const old = pdfOf(["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 7 >>"], "");
  const own = old.length;
  const table = own + "2 0 obj\n<< /Type /Pages /Count 8 >>\nendobj\n".length;
  const before = old.indexOf("xref\n");
  const more = `2 0 obj\n<< /Type /Pages /Count 8 >>\nendobj\nxref\n2 1\n${String(own).padStart(10, "0")} 00000 n \ntrailer\n<< /Root 1 0 R /Prev ${before} >>\nstartxref\n${table}\n%%EOF\n`;
  expect(await descriptionOf("a.pdf", Buffer.concat([old, Buffer.from(more)]))).toMatchObject({
    pages: 8,
  });
});

describe("hostile headers are refused, with few reads:", () => {
  const filled = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(8 * 1024 * 1024)]);
  const patched = (bytes: Buffer, at: number, patch: string): Buffer => {
    Buffer.from(patch, "hex").copy(bytes, at);
    return filled(bytes);
  };
  const segments = Buffer.concat(
    Array.from({ length: 9000 }, () => Buffer.from("ffe00002", "hex")),
  );
  const many = Buffer.alloc(600_000, bytesOf("be", [1, 4], "a".padEnd(4, "\0"), [1, 4]));

  test.each([
    ["a tree that leads to itself", "a.h5", patched(hdf5Of(["a"]), 136 + 32, "8800000000000000")],
    ["offsets of no bytes", "a.h5", patched(hdf5Of(["a"]), 13, "00")],
    ["a heap past the end of all files", "a.h5", patched(hdf5Of(["a"]), 128, "ffffffffffffff7f")],
    ["more dimensions than bytes", "a.nc", patched(netcdfOf(1), 12, "ffffffff")],
    [
      "a header that never ends",
      "a.nc",
      Buffer.concat([bytesOf("be", "CDF\x01", [0, 4], [10, 4], [-1, 4]), many]),
    ],
    ["a name of 2^64 bytes", "a.nc", patched(netcdfOf(5), 24, "ffffffffffffffff")],
    ["fields past the end", "a.tiff", filled(Buffer.from("49492a00f0ffffffffff", "hex"))],
    [
      "segments without a frame",
      "a.jpg",
      filled(Buffer.concat([Buffer.from("ffd8", "hex"), segments])),
    ],
    [
      "tables that lead to each other",
      "a.pdf",
      pdfOf(["<< >>"], `/Prev ${pdfOf(["<< >>"], "").indexOf("xref")} `),
    ],
    ["lengths below 0", "a.sav", patched(savOf(), 176 + 12, "00000080")],
    [
      "a shape that is no number",
      "a.npy",
      filled(npyOf("'<f8'", "(1, , 9, 99999999999999999999)")),
    ],
    [
      "pages of 4 GiB",
      "a.sas7bdat",
      patched(readFileSync(join(fixtures, "wide.sas7bdat")), 204, "ffffffff"),
    ],
  ])("%s", async (_, name, bytes) => {
    const source = memorySource(name, bytes);
    const result = await sampleSource(source);
    expect(result).toMatchObject({ kind: "sample", summary: { format: "metadata" } });
    expect(source.readBytes()).toBeLessThan(700_000);
    expect(source.reads()).toBeLessThan(50);
  });
});

async function descriptionOf(name: string, bytes: Uint8Array): Promise<Record<string, unknown>> {
  const sample = await sampleOf(name, bytes);
  return JSON.parse(sample.bytes.toString("utf8")) as Record<string, unknown>;
}
