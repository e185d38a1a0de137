import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import yauzl from "yauzl";
import { describe, expect, test } from "vitest";
import { paxRecord, tarOf } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { LISTED_ENTRIES } from "../../src/formats/listing.ts";
import { allFixtures, sampleBytes, sampleOf } from "../helpers/sample.ts";

const tars = allFixtures().filter(({ path }) => path.startsWith("tar/") && path.endsWith(".tar"));

describe("a listing", () => {
  test("has name, size and time, separated by tabs", async () => {
    const { bytes } = await sampleOf("a.tar", tarOf([{ name: "d/a.txt", data: "hello" }]));
    expect(bytes.toString()).toBe("d/a.txt\t5\t2023-11-14T22:13:20Z\n");
  });

  test("keeps its lines apart whatever the names", async () => {
    const { bytes } = await sampleOf("a.tar", tarOf([{ name: "a\tb\nc\rd\\e" }]));
    expect(bytes.toString().split("\t")[0]).toBe("a\\tb\\nc\\rd\\\\e");
  });

  test("keeps names as the bytes they are, in pax headers too", async () => {
    const name = Buffer.from("größe", "latin1");
    const pax = { name: "p", type: "x", data: paxRecord("path", name) };
    for (const members of [[{ name }], [pax, { name: "other" }]]) {
      const { bytes } = await sampleOf("a.tar", tarOf(members));
      expect(bytes.subarray(0, 5).equals(name)).toBe(true);
    }
  });

  test("ends at its limits", async () => {
    const many = Array.from({ length: LISTED_ENTRIES + 5 }, (_, i) => ({ name: `f${i}` }));
    const byRows = await sampleOf("a.zip", zipOf(many));
    expect(byRows.summary).toMatchObject({
      rows: LISTED_ENTRIES,
      entries: LISTED_ENTRIES + 5,
      cut: "rows",
    });
    const byBytes = await sampleOf("a.tar", tarOf(many.slice(0, 20)), { limits: { bytes: 100 } });
    expect(byBytes.summary).toMatchObject({ rows: 3, cut: "bytes" });
    expect(byBytes.bytes.length).toBeLessThanOrEqual(100);
  });

  test.each(tars.map(({ path, ...fixture }) => [path, fixture] as const))(
    "of %s is the same inside a gzip",
    async (_, { name, bytes }) => {
      const plain = await sampleBytes(name, bytes);
      const packed = await sampleBytes(`${name}.gz`, gzipSync(bytes));
      if (plain.kind !== "sample" || plain.summary.rows === 0)
        return expect(packed.kind).toBe(plain.kind);
      if (packed.kind !== "sample") throw new Error(`${name}: ${JSON.stringify(packed)}`);
      expect(packed.bytes.equals(plain.bytes)).toBe(true);
      expect(packed.summary).toEqual({ ...plain.summary, format: "tar.gz" });
    },
  );
});

describe("of pax headers in a tar", () => {
  const record = "5 a=\n";

  test("hundreds of thousands of keys that nobody uses cost little", async () => {
    const keys = record.repeat(400_000);
    const name = { name: "p", type: "x", data: paxRecord("path", "other") };
    const some = Array.from({ length: 50 }, () => [name, { name: "m" }]).flat();
    const bytes = tarOf([{ name: "g", type: "g", data: keys }, ...some]);
    const { summary, bytes: list } = await sampleOf("a.tar", bytes);
    expect(summary).toMatchObject({ rows: 50, complete: true });
    expect(list.toString()).toMatch(/^other\t/);
  });

  test("so many, or so long ones, that they take time end in a limit", async () => {
    const many = { name: "p", type: "x", data: record.repeat(300_000) };
    const long = { name: "p", type: "x", data: Buffer.alloc(8 * 1024 * 1024, "x") };
    const limits = { readBytes: 1024 ** 3 };
    for (const headers of [[many, many], Array.from({ length: 17 }, () => long)]) {
      const result = await sampleBytes("a.tar", tarOf([...headers, { name: "m" }]), { limits });
      expect(result).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
    }
  });
});

describe("a sample of a zip", () => {
  async function membersOf(zip: Buffer): Promise<Record<string, string>> {
    const { bytes } = await sampleOf("a.zip", zip, { limits: { rows: 2 } });
    const archive = await yauzl.fromBufferPromise(bytes);
    const members: Record<string, string> = {};
    for await (const entry of archive.eachEntry()) {
      const stream = await archive.openReadStreamPromise(entry);
      members[entry.fileName] = (await buffer(stream)).toString();
    }
    return members;
  }

  test("has its first members, each sampled by its own format", async () => {
    const members = await membersOf(
      zipOf([
        { name: "d/" },
        { name: "d/a.csv", data: "h\n1\n2\n3\n", method: 8 },
        { name: "b.json", data: "[1,2,3]" },
      ]),
    );
    expect(Object.keys(members)).toEqual(["_manifest.txt", "d/a.csv", "b.json"]);
    expect(members).toMatchObject({ "d/a.csv": "h\n1\n2\n", "b.json": "[1,2]" });
    expect(members["_manifest.txt"]?.split("\n")[1]).toBe("d/a.csv\t8\t2024-05-06T07:08:10Z");
  });

  test.each([
    ["../../up.txt", "_/_/up.txt"],
    ["/etc/passwd.txt", "etc/passwd.txt"],
    ["C:\\x\\..\\y.txt", "x/_/y.txt"],
    ["a//./b.txt", "a/b.txt"],
    ["..", "_"],
    ["nul\0.txt", "nul_.txt"],
  ])("renames %j to %s", async (name, safe) => {
    expect(Object.keys(await membersOf(zipOf([{ name, data: "x" }])))).toEqual([
      "_manifest.txt",
      safe,
    ]);
  });

  test("tells members of one name apart", async () => {
    const zip = zipOf([
      { name: "a.txt", data: "1" },
      { name: "a.txt", data: "2" },
      { name: "_manifest.txt", data: "3" },
    ]);
    expect(await membersOf(zip)).toMatchObject({
      "a.txt": "1",
      "a.txt~2": "2",
      "_manifest.txt~2": "3",
    });
  });

  test("lists a tar inside as a text file", async () => {
    const members = await membersOf(zipOf([{ name: "a.tar", data: tarOf([{ name: "x" }]) }]));
    expect(members["a.tar.txt"]).toMatch(/^x\t0\t/);
  });

  test("does not fail with a member that cannot be read", async () => {
    const zip = zipOf([
      { name: "a.txt", data: "xxxx", flags: 1 },
      { name: "b.txt", data: "b\n" },
    ]);
    expect(Object.keys(await membersOf(zip))).toEqual(["_manifest.txt", "b.txt"]);
  });

  test("ends at the first members, and says that sample.members cut it", async () => {
    const five = ["a", "b", "c", "d", "e"].map((name) => ({ name: `${name}.txt`, data: name }));
    const { summary } = await sampleOf("a.zip", zipOf(five));
    expect(summary).toMatchObject({ complete: false, cut: "members", warnings: [] });
    const byRows = zipOf([{ name: "a.txt", data: "1\n2\n3\n" }]);
    const { summary: cut } = await sampleOf("a.zip", byRows, { limits: { rows: 2 } });
    expect(cut).toMatchObject({ complete: false, cut: "rows" });
  });

  test("is not said to be cut where members are encrypted", async () => {
    const { summary } = await sampleOf("a.zip", zipOf([{ name: "a.txt", data: "x", flags: 1 }]));
    expect(summary).toMatchObject({ complete: false, warnings: ["a.txt: listed only: encrypted"] });
    expect(summary.cut).toBeUndefined();
  });

  test("has none of the files that macOS and Windows put beside others", async () => {
    const made = ["__MACOSX/._a.csv", "._a.csv", "d/.DS_Store", "d/Thumbs.db", "desktop.ini"];
    const others = made.map((name) => ({ name, data: "text\n" }));
    const members = await membersOf(zipOf([...others, { name: "a.csv", data: "h\n1\n" }]));
    expect(Object.keys(members)).toEqual(["_manifest.txt", "a.csv"]);
    expect(members["_manifest.txt"]?.split("\n")).toHaveLength(others.length + 2);
  });

  test("warns of a member whose checksum is wrong, where all of it was read", async () => {
    const data = "1\n2\n3\n";
    const zip = zipOf([{ name: "a.txt", data, method: 8, crc32: 1 }]);
    const { summary } = await sampleOf("a.zip", zip);
    expect(summary).toMatchObject({ complete: false, warnings: [expect.stringMatching("CRC-32")] });
    const long = zipOf([{ name: "a.txt", data: data.repeat(200_000), crc32: 1 }]);
    const { summary: cut } = await sampleOf("a.zip", long);
    expect(cut).toMatchObject({ cut: "rows", warnings: [] });
  });

  test("lists a member only that is a bomb", async () => {
    const blank = Buffer.alloc(10 * 1024 * 1024, "\n");
    const zip = zipOf([{ name: "a.jsonl", data: blank, method: 8 }]);
    const { summary } = await sampleOf("a.zip", zip, { limits: { ratio: 100 } });
    expect(summary.warnings).toEqual([expect.stringMatching("a.jsonl: listed only: decompresses")]);
  });
});

describe("the directory of a zip is found", () => {
  const two = [
    { name: "a.csv", data: "h\n1\n" },
    { name: "b.txt", data: "x\n" },
  ];
  const stub = Buffer.from("#!/bin/sh\nexit\n");
  const whole = { rows: 2, entries: 2, complete: true, warnings: [] };

  test.each([
    ["with 70,000 bytes after it", Buffer.concat([zipOf(two), Buffer.alloc(70_000, "x")])],
    ["after a stub", zipOf(two, { stub })],
    ["with offsets of zip64 alone", zipOf(two, { zip64: true })],
    ["with zip64 after a stub", zipOf(two, { stub, zip64: true })],
    ["behind another zip", Buffer.concat([zipOf([{ name: "other" }]), zipOf(two)])],
    ["without the start of the file", zipOf([{ name: "c", data: "yyy" }, ...two]).subarray(34)],
  ])("%s", async (title, zip) => {
    const { summary } = await sampleOf("a.zip", zip);
    const isCut = title.startsWith("without");
    expect(summary).toMatchObject(isCut ? { rows: 3, entries: 3, complete: false } : whole);
  });

  test("where a name has the signature of a zip64 locator", async () => {
    const name = `${"x".repeat(10)}PK\x06\x07${"y".repeat(16)}`;
    const { summary } = await sampleOf("a.zip", zipOf([{ name, data: "text\n" }]));
    expect(summary).toMatchObject({ rows: 1, complete: true });
  });

  test("and read by its size, where its count has 16 bits only", async () => {
    const many = Array.from({ length: 65_546 }, (_, i) => ({ name: `f${i}` }));
    const { summary } = await sampleOf("a.zip", zipOf(many));
    expect(summary).toMatchObject({ rows: LISTED_ENTRIES, entries: 65_546, cut: "rows" });
  });

  test("with an entry whose extra fields are malformed", async () => {
    const extra = Buffer.from("5554ff0001", "hex");
    const { summary } = await sampleOf("a.zip", zipOf([{ name: "c", extra }, ...two]));
    expect(summary).toMatchObject({ rows: 3, complete: true, warnings: [] });
  });

  test("with an entry that is strongly encrypted", async () => {
    const zip = zipOf([{ name: "c", data: "?", flags: 0x41 }, ...two]);
    const { summary } = await sampleOf("a.zip", zip);
    expect(summary).toMatchObject({ rows: 3, warnings: ["c: listed only: encrypted"] });
  });

  test("but is not whole where it ends early", async () => {
    const zip = zipOf(two);
    zip[zip.lastIndexOf("PK\x01\x02")] = 0;
    const { summary } = await sampleOf("a.zip", zip);
    expect(summary.warnings).toEqual([expect.stringMatching("the listing ends early")]);
    expect(summary).toMatchObject({ rows: 1, entries: 2, complete: false });
  });

  test("not in a part of a split archive", async () => {
    const zip = zipOf(two);
    zip.writeUInt16LE(1, zip.length - 18);
    expect(await sampleBytes("a.zip", zip)).toEqual({ kind: "failed", code: "FORMAT_INVALID" });
  });
});
