import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { packers } from "../../fixtures/compressors.ts";
import { times } from "../../fixtures/fixture.ts";
import { paxRecord, tarOf } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { tarEntries } from "../../src/formats/tar/walk.ts";
import { writeTar } from "../../src/formats/tar/writer.ts";
import { sampleTar } from "../helpers/sample-tar.ts";
import { allFixtures, sampleBytes } from "../helpers/sample.ts";

const limits = { tarMembers: 3, rows: 2 };
const csv = `h\n${times(50, (i) => `${i}\n`)}`;

/** The files that GNU tar extracts, by path; it strips and refuses nothing of what we write. */
function extracted(tar: Uint8Array): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "tar-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const options = { input: tar, stdio: ["pipe", "pipe", "pipe"] as ["pipe", "pipe", "pipe"] };
  execFileSync("tar", ["-xf", "-", "-C", folder, "--no-same-owner"], options);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name));
  const sorted = paths.toSorted().map((path) => path.slice(folder.length + 1));
  return Object.fromEntries(
    sorted.map((path) => [path, readFileSync(join(folder, path), "latin1")]),
  );
}

describe("a sample of a tar with members", () => {
  const tar = tarOf([
    { name: "d/", type: "5" },
    { name: "d/a.csv", data: csv },
    { name: "._a.csv", data: "text\n" },
    { name: "link", type: "2", linkName: "d/a.csv" },
    { name: "b.json", data: "[1,2,3]" },
    { name: "c.bin", data: Buffer.from([0, 1, 2, 255]) },
    { name: "e.txt", data: "e\n" },
  ]);

  test("has a listing and the first files, each sampled by its own format", async () => {
    const { bytes, summary } = await sampleTar("a.tar", tar, { limits });
    expect(summary).toMatchObject({ format: "tar", rows: 7, complete: false, cut: "members" });
    expect(summary.warnings).toEqual([
      expect.stringMatching(/^c.bin: listed only/),
      "listed only: 1 files that macOS or Windows made",
    ]);
    const members = extracted(bytes);
    expect(Object.keys(members)).toEqual(["_manifest.txt", "b.json", "d/a.csv"]);
    expect(members).toMatchObject({ "b.json": "[1,2]", "d/a.csv": "h\n0\n1\n" });
    expect(members["_manifest.txt"]?.split("\n")[1]).toBe("d/a.csv\t142\t2023-11-14T22:13:20Z");
  });

  test("is listed by GNU tar with sizes and times", async () => {
    const { bytes } = await sampleTar("a.tar", tar, { limits });
    const listed = execFileSync("tar", ["-tvf", "-", "--utc"], { input: bytes }).toString();
    expect(listed).toMatch(/-rw-r--r-- 0\/0 +6 2023-11-14 22:13 d\/a\.csv\n/);
  });

  test.each(["gz", "zst", "xz", "bz2", "lz4"] as const)("is compressed again: %s", async (name) => {
    const plain = await sampleTar("a.tar", tar, { limits });
    const { bytes, summary } = await sampleTar(`a.tar.${name}`, packers[name](tar), { limits });
    expect(summary).toEqual({ ...plain.summary, format: `tar.${name}` });
    if (name === "gz") expect(gunzipSync(bytes).equals(plain.bytes)).toBe(true);
    const again = await sampleTar(`a.tar.${name}`, bytes, { limits: { tarMembers: 9 } });
    expect(again.summary).toMatchObject({ rows: 3, complete: true, warnings: [] });
  });

  test("holds whole files where nothing is cut", async () => {
    const whole = tarOf([{ name: "a.csv", data: "h\n1\n" }]);
    const { summary } = await sampleTar("a.tar", whole, { limits });
    expect(summary).toMatchObject({ rows: 1, complete: true, warnings: [] });
    expect(summary.cut).toBeUndefined();
  });

  test("samples archives and compressions in it, down to the limit of depth", async () => {
    const inner = zipOf([{ name: "x.csv", data: csv }]);
    const nested = tarOf([
      { name: "a.tar", data: tarOf([{ name: "y.csv", data: csv }]) },
      { name: "b.zip", data: inner },
      { name: "c.csv.gz", data: gzipSync(csv) },
    ]);
    const { bytes, summary } = await sampleTar("a.tar", nested, { limits });
    expect(summary).toMatchObject({ rows: 3, warnings: [], cut: "rows" });
    const members = extracted(bytes);
    expect(extracted(Buffer.from(members["a.tar"] as string, "latin1"))).toMatchObject({
      "y.csv": "h\n0\n1\n",
    });
    let deep = tarOf([{ name: "x.csv", data: csv }]);
    for (let i = 0; i < 300; i += 1) deep = tarOf([{ name: "x.tar", data: deep }]);
    const { summary: deepest } = await sampleTar("a.tar", deep, { limits });
    expect(deepest.warnings).toEqual([expect.stringContaining("nested more than 3 deep")]);
  });

  test.each([
    ["../../up.txt", "_/_/up.txt"],
    ["/etc/passwd.txt", "etc/passwd.txt"],
    ["a\nb.txt", "a\nb.txt"],
    [`${"long/".repeat(40)}name.txt`, `${"long/".repeat(40)}name.txt`],
    ["größe.txt", "größe.txt"],
  ])("keeps %j inside the directory it is unpacked into", async (name, safe) => {
    const pax = { name: "p", type: "x", data: paxRecord("path", name) };
    const { bytes } = await sampleTar("a.tar", tarOf([pax, { name: "x", data: "x\n" }]), {
      limits,
    });
    expect(Object.keys(extracted(bytes)).toSorted()).toEqual(["_manifest.txt", safe].toSorted());
  });

  test("tells members of one name apart, and names that are not UTF-8", async () => {
    const bytes = tarOf([
      { name: "_manifest.txt", data: "1\n" },
      { name: "a.txt", data: "2\n" },
      { name: "a.txt", data: "3\n" },
      { name: Buffer.from("größe.txt", "latin1"), data: "4\n" },
    ]);
    const sample = await sampleTar("a.tar", bytes, { limits: { tarMembers: 9 } });
    expect(extracted(sample.bytes)).toMatchObject({
      "_manifest.txt~2": "1\n",
      "a.txt": "2\n",
      "a.txt~2": "3\n",
      "größe.txt": "4\n",
    });
  });

  test("keeps what comes before its end, and says that it is cut off", async () => {
    const cut = tarOf([
      { name: "a.csv", data: csv },
      { name: "b.txt", data: "x".repeat(3000) },
    ]);
    for (const name of ["a.tar", "a.tar.gz"]) {
      const bytes = cut.subarray(0, 2500);
      const { summary, bytes: sample } = await sampleTar(
        name,
        name.endsWith("gz") ? gzipSync(bytes) : bytes,
        { limits },
      );
      expect(summary).toMatchObject({ rows: 2, complete: false });
      expect(summary.warnings).toEqual([
        expect.stringMatching(/^b.txt: listed only: it is cut off/),
        expect.stringMatching(/^the listing ends early/),
      ]);
      if (name === "a.tar") expect(Object.keys(extracted(sample))).toContain("a.csv");
    }
  });

  test("reads no more of large members than their samples need", async () => {
    const large = tarOf([
      { name: "a.csv", data: csv.repeat(40_000) },
      { name: "b.csv", data: csv },
    ]);
    const { readBytes, summary } = await sampleTar("a.tar", large, { limits });
    expect(summary).toMatchObject({ rows: 2, cut: "rows" });
    expect(readBytes).toBeLessThan(400_000);
  });
});

const tars = allFixtures().filter(({ path }) =>
  /^tar\/|\.tar\.\w+$|\.t[a-z]*(gz|zst|xz|bz2|az|lz)$/.test(path),
);

describe.each(tars.map(({ path, ...fixture }) => [path, fixture] as const))(
  "%s",
  (_, { name, bytes }) => {
    test("with members is sampled alike whatever the chunk borders, seeking or not", async () => {
      const asOne = await sampleBytes(name, bytes, { limits });
      for (const chunk of [1, 100, 512]) {
        for (const seekable of [true, false]) {
          // A stream of unknown length finds its end later.
          if (!seekable && /impossible-size|truncated/.test(name)) continue;
          const again = await sampleBytes(name, bytes, { limits, chunk, seekable });
          expect(again).toEqual(asOne);
        }
      }
      if (asOne.kind !== "sample" || !/^(tar|a)\b.*\.tar$/.test(name)) return;
      expect(Object.keys(extracted(asOne.bytes))).toContain("_manifest.txt");
    });
  },
);

test("a tar that is written has names and times as they are", async () => {
  const names = ["a", "x".repeat(100), "x".repeat(101), `${"ü".repeat(300)}`, "y".repeat(9_980)];
  const members = names.map((name) => ({
    name,
    bytes: Buffer.from("data"),
    mtime: 1_700_000_000.5,
  }));
  const bytes = Buffer.concat([...writeTar(Buffer.from("list\n"), members)]);
  const read = [];
  for await (const { name, size, mtime } of tarEntries(
    async (s, e) => bytes.subarray(s, e),
    bytes.length,
  ))
    read.push([Buffer.from(name).toString(), size, mtime]);
  expect(read.slice(1)).toEqual(names.map((name) => [name, 4, 1_700_000_000]));
  const listed = execFileSync("tar", ["-tf", "-", "--quoting-style=literal"], { input: bytes });
  expect(listed.toString().split("\n").slice(1, -1)).toEqual(names);
});
