import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { entriesOf, outputsOf } from "../../src/staging/data-manifest.ts";
import { readManifestFile } from "../../src/staging/manifest-file.ts";

const HASH = "AB".repeat(32);
const URL_A = "https://data.example.org/a.csv?signature=secret";

test("a manifest names files, with what is known of them", () => {
  const entries = entriesOf({
    "a.csv": URL_A,
    "ref/b": { url: "/data/b", sha256: HASH, size: 5, writable: true, required: true },
  });
  expect(entries).toEqual([
    { name: "a.csv", location: URL_A },
    {
      name: "ref/b",
      location: "/data/b",
      sha256: HASH.toLowerCase(),
      bytes: 5,
      decompress: false,
      writable: true,
      required: true,
    },
  ]);
});

test("inputs of a GA4GH TES task are a manifest, alone or in the task", () => {
  const inputs = [
    { name: "reads", url: URL_A, path: "/data/a.csv", type: "FILE", streamable: true },
    { path: "/data/b.txt", content: "hello" },
  ];
  const expected = [
    { name: "data/a.csv", location: URL_A },
    { name: "data/b.txt", location: undefined, content: "hello" },
  ];
  expect(entriesOf(inputs)).toEqual(expected);
  expect(entriesOf({ name: "task", executors: [], inputs })).toEqual(expected);
});

test("outputs of a task are files that are sent back", () => {
  const outputs = [{ path: "/data/out.csv", url: URL_A, name: "result", type: "FILE" }];
  const sent = [{ name: "data/out.csv", location: URL_A }];
  expect(outputsOf({ inputs: [], outputs })).toEqual(sent);
  expect(outputsOf({ outputs: URL_A })).toEqual([]);
  const refusedWith = (path: string, type = "FILE") =>
    expect(() => outputsOf({ inputs: [], outputs: [{ path, url: URL_A, type }] })).toThrow();
  refusedWith("/../x");
  refusedWith("/data", "DIRECTORY");
  refusedWith("/data/*.csv");
  refusedWith("/");
});

test("a directory of a task lies in a bucket or on this machine", () => {
  const url = "s3://bucket/prefix/";
  const directory = [{ path: "/data/", url, type: "DIRECTORY" }];
  const expected = [{ name: "data", location: url, isDirectory: true }];
  expect(entriesOf(directory)).toEqual(expected);
  expect(outputsOf({ inputs: [], outputs: directory })).toEqual(expected);
  expect(entriesOf([...directory, { path: "/data/more", content: "" }])).toHaveLength(2);
});

test("resources of a data package are a manifest", () => {
  const resources = [
    { name: "a", path: URL_A, bytes: 7, hash: `sha256:${HASH}` },
    { name: "b", path: ["data/b.csv"], hash: "0123456789abcdef0123456789abcdef" },
  ];
  expect(entriesOf({ name: "package", resources })).toEqual([
    { name: "a.csv", location: URL_A, bytes: 7, sha256: HASH.toLowerCase() },
    { name: "data/b.csv", location: "data/b.csv" },
  ]);
});

test("a list of locations is a manifest: their last parts are the names", () => {
  expect(entriesOf([URL_A, "/data/b%20c.csv"]).map(({ name }) => name)).toEqual([
    "a.csv",
    "b c.csv",
  ]);
});

test.each<[string, unknown]>([
  ["no object", 7],
  ["null", null],
  ["a location that is none", { a: "" }],
  ["an unknown field", { a: { url: URL_A, sha265: HASH } }],
  ["half a hash", { a: { url: URL_A, sha256: "ab" } }],
  ["a negative size", { a: { url: URL_A, size: -1 } }],
  ["two files of one name", ["https://a.example/x", "https://b.example/x"]],
  ["TES without url and content", [{ path: "/a" }]],
  ["a TES directory of a web server", [{ path: "/a", url: URL_A, type: "DIRECTORY" }]],
  ["more names than there may be", Array.from({ length: 10_001 }, (_, i) => `/data/${i}`)],
])("%s is refused, and no URL is repeated", (_, manifest) => {
  const refused = () => entriesOf(manifest);
  expect(refused).toThrow(expect.objectContaining({ code: "USAGE" }));
  expect(refused).not.toThrow(/secret/);
});

describe("files", () => {
  async function read(files: Readonly<Record<string, string>>, name: string) {
    const directory = await mkdtemp(join(tmpdir(), "sampler-manifest-"));
    try {
      await mkdir(join(directory, "bag"));
      for (const [path, text] of Object.entries(files))
        await writeFile(join(directory, path), text);
      return await readManifestFile(join(directory, name));
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  test("text that is no JSON is a list, without its comments", async () => {
    const entries = await read({ "m.txt": `# files\n\n${URL_A}\r\n/data/b\n` }, "m.txt");
    expect(entries.entries.map(({ name }) => name)).toEqual(["a.csv", "b"]);
  });

  test("a byte order mark is no part of a manifest", async () => {
    const list = await read({ "m.txt": `\uFEFF${URL_A}\r\n` }, "m.txt");
    expect(list.entries).toEqual([{ name: "a.csv", location: URL_A }]);
    const json = await read({ "m.json": `\uFEFF{"a": "/data/b"}` }, "m.json");
    expect(json.entries).toEqual([{ name: "a", location: "/data/b" }]);
  });

  test("a fetch.txt that names a file twice is refused", async () => {
    const fetch = `${URL_A} - a\nhttps://b.example/c - a\n`;
    await expect(read({ "bag/fetch.txt": fetch }, "bag")).rejects.toMatchObject({ code: "USAGE" });
  });

  test("a BagIt folder is a manifest, with the hashes of its list", async () => {
    const fetch = `${URL_A} 12 data/a%0Ab.csv\nhttps://b.example/c - data/c\n`;
    const list = `${HASH.toLowerCase()}  data/c\n`;
    const files = { "bag/fetch.txt": fetch.replace("%0A", "%25"), "bag/manifest-sha256.txt": list };
    const entries = [
      { name: "data/a%b.csv", location: URL_A, bytes: 12 },
      { name: "data/c", location: "https://b.example/c", sha256: HASH.toLowerCase() },
    ];
    expect(await read(files, "bag")).toMatchObject({ entries, outputs: [] });
  });

  test("JSON that is none says where, and repeats nothing of it", async () => {
    const reading = read({ "m.json": `{"a.csv": "${URL_A}",}` }, "m.json");
    await expect(reading).rejects.toMatchObject({ code: "USAGE" });
    await expect(reading).rejects.not.toThrow(/secret/);
  });

  test("one that is empty, or of comments only, is told", async () => {
    await expect(read({ "m.txt": "" }, "m.txt")).rejects.toMatchObject({ code: "USAGE" });
    await expect(read({ "m.txt": "# none\n" }, "m.txt")).rejects.toMatchObject({ code: "USAGE" });
  });

  test("a file that is not there is told", async () => {
    await expect(read({}, "none.json")).rejects.toMatchObject({ code: "USAGE" });
  });
});
