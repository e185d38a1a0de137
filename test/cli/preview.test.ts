import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, type Transform, type Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGzip, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { objectOf, SECRET, startObjects } from "../helpers/range-server.ts";
import { type Did, runHere } from "../helpers/program.ts";
import { rows, run } from "../helpers/world.ts";
import { endingWithUs } from "../helpers/child.ts";
import { surroundings } from "../helpers/surroundings.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const fixtures = join(import.meta.dirname, "../../fixtures");
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "preview-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, bytes: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

/** Previews a file, with no configuration and no lake around. */
const preview = (...args: readonly string[]) => runHere(["preview", ...args]);

/** Previews stdin, in a process of its own. */
async function previewStdin(
  args: readonly string[],
  feed: (stdin: Writable) => void,
): Promise<Did> {
  const env = { ...surroundings, FP_PREFIX: "/none" };
  const command = endingWithUs(process.execPath, [main, "preview", "-", ...args]);
  const child = spawn(...command, { env });
  // The process need not read all of it.
  child.stdin.on("error", () => undefined);
  feed(child.stdin);
  const ended = new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? -1)));
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  return { code: await ended, stdout, stderr: stderr.toString() };
}

/** Pipes chunks to stdin, as far as they are taken. */
function piped(...streams: readonly [Readable, ...Transform[]]) {
  return (stdin: Writable) => void pipeline([...streams, stdin]).catch(() => undefined);
}

/** Feeds bytes to stdin. */
const from = (bytes: string | Uint8Array) => (stdin: Writable) => void stdin.end(bytes);

/** A stream of chunks for ever, and how many bytes of it were taken. */
function endless(chunk: Uint8Array): { readonly stream: Readable; taken(): number } {
  let taken = 0;
  const chunks = (function* () {
    for (;;) {
      taken += chunk.length;
      yield chunk;
    }
  })();
  return { taken: () => taken, stream: Readable.from(chunks, { highWaterMark: 1 }) };
}

test("without a terminal, preview writes the sample's bytes to stdout", async () => {
  const path = write("big.csv.gz", gzipSync(rows(500)));
  const { code, stdout, stderr } = await preview(path);
  expect([code, stderr]).toEqual([0, ""]);
  expect(gunzipSync(stdout).toString()).toBe(rows(100));
});

test("--rows and --bytes bound the sample", async () => {
  const path = write("rows.csv", rows(500));
  expect((await preview(path, "--rows", "3")).stdout.toString()).toBe(rows(3));
  const { stdout } = await preview(path, "--bytes", "1KiB", "--rows", "400");
  expect(stdout.length).toBeLessThanOrEqual(1024);
  expect(stdout.length).toBeGreaterThan(1000);
});

test("--out writes the sample as a whole, and says what it is", async () => {
  const out = join(directory, "out.parquet");
  const path = join(fixtures, "parquet/rows-101.parquet");
  const { code, stdout, stderr } = await preview(path, "--out", out);
  expect([code, stdout.length]).toEqual([0, 0]);
  expect(stderr).toMatch(
    /out\.parquet: parquet, recognised by name, 100 rows, .*cut by rows, .*read$/m,
  );
  expect(readFileSync(out).subarray(0, 4).toString()).toBe("PAR1");
  expect(statSync(out).mode & 0o777).toBe(0o640);
  expect(readdirSync(directory).filter((name) => name.startsWith(".ss-"))).toEqual([]);
});

test("--out replaces no file unless --force says so, and never the file it is made from", async () => {
  const [path, out] = [write("from.csv", rows(200)), write("there.csv", "mine")];
  const refused = await preview(path, "--out", out);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/USAGE: .*is there already; --force replaces it/);
  expect(readFileSync(out, "utf8")).toBe("mine");
  expect((await preview(path, "--out", out, "--force")).code).toBe(0);
  expect(readFileSync(out, "utf8")).toBe(rows(100));
  const itself = await preview(path, "--out", path, "--force");
  expect(itself.code).toBe(2);
  expect(readFileSync(path, "utf8")).toBe(rows(200));
  expect(readdirSync(directory).filter((name) => name.startsWith(".ss-"))).toEqual([]);
});

test("--out into a directory that is not there is a failure with a code", async () => {
  const { code, stderr } = await preview(write("a.csv", "a\n"), "--out", "/none/at/all.csv");
  expect(code).toBe(1);
  expect(stderr).toMatch(/OUTPUT_UNWRITABLE: cannot write \/none\/at\/all\.csv/);
});

test("--strategy takes records from all over a file, or at random, each time the same", async () => {
  const path = write("many.csv", rows(5000));
  const ids = async (...args: string[]) => {
    const { code, stdout } = await preview(path, "--rows", "6", ...args);
    expect(code).toBe(0);
    return stdout
      .toString()
      .split("\n")
      .slice(1, -1)
      .map((line) => Number.parseInt(line, 10));
  };
  const spread = await ids("--strategy", "spread", "--parts", "3");
  expect(spread).toHaveLength(6);
  expect(spread.filter((_, i) => i % 2 === 1)).toEqual(
    spread.filter((_, i) => i % 2 === 0).map((id) => id + 1),
  );
  expect([...spread.slice(0, 2), ...spread.slice(-2)]).toEqual([0, 1, 4998, 4999]);
  expect(await ids("--strategy", "spread", "--parts", "3")).toEqual(spread);
  const drawn = await ids("--strategy", "reservoir");
  expect(drawn).toEqual(drawn.toSorted((a, b) => a - b));
  expect(drawn).not.toEqual(spread);
  expect(await ids("--strategy", "head")).toEqual([0, 1, 2, 3, 4, 5]);
});

test.each([
  ["--strategy", "best"],
  ["--strategy", "spread", "--parts", "1"],
  ["--strategy", "spread", "--parts", "101"],
  ["--parts", "3"],
])("%s %s %s is refused", async (...args) => {
  const { code, stderr } = await preview(write("a.csv", rows(3)), ...args);
  expect(code).toBe(2);
  expect(stderr).toContain(args[args.length - 2]);
});

test("--json says what was made and shows it", async () => {
  const path = write("a.csv", rows(101));
  const { stdout } = await preview(path, "--json", "--rows", "2");
  expect(JSON.parse(stdout.toString())).toEqual({
    name: "a.csv",
    format: "csv",
    recognisedBy: "name",
    rows: 2,
    bytes: rows(2).length,
    complete: false,
    cut: "rows",
    reason: null,
    strategy: "head",
    parts: null,
    uniform: null,
    why: null,
    readBytes: rows(101).length,
    requests: null,
    sourceSize: rows(101).length,
    warnings: [],
    out: null,
    view: {
      format: "csv",
      facts: [["delimiter", ","]],
      tables: [
        {
          title: null,
          columns: [
            { name: "id", type: "integer" },
            { name: "name", type: "text" },
          ],
          rows: [
            ["0", "row 0"],
            ["1", "row 1"],
          ],
          notes: ["first 2 rows; the file has more"],
        },
      ],
      warnings: [],
      written: { delimiter: ",", encoding: "ASCII", header: true, above: 0 },
    },
  });
});

test("on a terminal the sample is shown instead", async () => {
  const path = write("shown.csv", rows(101));
  const command = `stty cols 80 && exec ${process.execPath} ${main} preview ${path}`;
  const { stdout } = await run(["script", "-qec", command, "/dev/null"]);
  expect(stdout).toMatch(/^shown\.csv\r\n {2}csv, recognised by name, 100 rows, .*cut by rows/);
  expect(stdout).toMatch(/row 19\r\n.*first 20 of 100 rows|first 20 rows; the file has more/);
});

test.each<[string, readonly string[], string, string]>([
  ["CSV", ["--format", "csv"], rows(200), rows(100)],
  ["text", [], "a\n".repeat(200), "a\n".repeat(100)],
  ["JSON Lines", [], '{"a":1}\n'.repeat(200), '{"a":1}\n'.repeat(100)],
  ["JSON", [], `[${"1,".repeat(200)}1]`, `[${"1,".repeat(99)}1]`],
  ["a hint with a dot", ["--format", ".tsv"], "a\tb\n1\t2\n", "a\tb\n1\t2\n"],
])("- takes %s from stdin", async (_what, args, bytes, sample) => {
  const { code, stdout, stderr } = await previewStdin(args, from(bytes));
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.toString()).toBe(sample);
});

test("- takes gzip, a tar and Avro from stdin", async () => {
  const packed = await previewStdin(["--format", "csv.gz"], from(gzipSync(rows(200))));
  expect(gunzipSync(packed.stdout).toString()).toBe(rows(100));
  const tar = await previewStdin([], from(readFileSync(join(fixtures, "tar/ustar.tar"))));
  expect(tar.stdout.toString()).toMatch(/^a\.txt\t6\t/);
  const avro = await previewStdin([], from(readFileSync(join(fixtures, "avro/rows-101.avro"))));
  expect(avro.stdout.subarray(0, 4)).toEqual(Buffer.from("Obj\u0001"));
});

test.each(["parquet/nested.parquet", "zip/by-yazl.zip"])(
  "%s needs a file: on stdin it is a usage error that says so",
  async (name) => {
    const bytes = readFileSync(join(fixtures, name));
    const { code, stdout, stderr } = await previewStdin([], from(bytes));
    expect([code, stdout.length]).toEqual([2, 0]);
    expect(stderr).toMatch(/USAGE: (zip|parquet) is read from its end: it needs a file/);
  },
);

test("of what never ends no more is read than the sample takes", async () => {
  const lines = endless(Buffer.from("a,b\n".repeat(16_384)));
  const csv = await previewStdin(["--format", "csv", "--json"], piped(lines.stream));
  const { readBytes } = JSON.parse(csv.stdout.toString()) as { readBytes: number };
  expect(readBytes).toBe(65_536);
  expect(lines.taken()).toBeLessThan(1024 ** 2);
  const zeros = endless(Buffer.alloc(65_536));
  const described = await previewStdin(["--format", "csv"], piped(zeros.stream));
  expect(described.code).toBe(0);
  expect(described.stderr).toMatch(/no sample in its own format: .*does not hold text/);
  expect(zeros.taken()).toBeLessThan(1024 ** 2);
});

test("a single record that never ends stops at a limit", async () => {
  const line = endless(Buffer.alloc(65_536, "x"));
  const { code, stderr } = await previewStdin([], piped(line.stream));
  expect(code).toBe(0);
  expect(stderr).toMatch(/a record is larger than 8388608 bytes/);
  expect(line.taken()).toBeLessThan(16 * 1024 ** 2);
});

test("a bomb that never ends stops at a limit", async () => {
  const { stream, taken } = endless(Buffer.alloc(1024 ** 2, "\n"));
  const bomb = piped(stream, createGzip({ level: 9 }));
  const { code, stderr } = await previewStdin(["--format", "jsonl.gz"], bomb);
  expect(code).toBe(0);
  expect(stderr).toMatch(/a record is larger than 8388608 bytes/);
  expect(taken()).toBeLessThan(512 * 1024 ** 2);
});

test("of a file of a terabyte as little is read as of a small one", async () => {
  const path = write("huge.csv", rows(50_000));
  truncateSync(path, 2 ** 40);
  const { stdout } = await preview(path, "--json");
  const { readBytes, sourceSize } = JSON.parse(stdout.toString()) as Record<string, number>;
  expect(sourceSize).toBe(2 ** 40);
  expect(readBytes).toBeLessThanOrEqual(64 * 1024);
});

test.each([
  ["nothing.csv", 1, /FILE_MISSING: /],
  ["/dev/zero", 1, /PATH_REFUSED: .*a stream is read with `preview -`/],
  [join(fixtures, "parquet/truncated.parquet"), 1, /FORMAT_INVALID: /],
])("%s is a failure with a code, and nothing on stdout", async (path, expected, why) => {
  const { code, stdout, stderr } = await preview(path);
  expect([code, stdout.length]).toEqual([expected, 0]);
  expect(stderr).toMatch(why);
});

test.each([
  [["-", "--format", "spreadsheet"], /USAGE: --format spreadsheet: use one of csv, /],
  [["-", "--bytes", "1 parsec"], /USAGE: --bytes 1 parsec: use a number of bytes/],
  [["-", "--bytes", "1GiB"], /USAGE: --bytes 1GiB: at most 64\.0 MiB/],
  [["-", "--rows", "0"], /error: /],
  [[], /error: /],
])("%j is a usage error before anything is read", async (args, why) => {
  const { code, stdout, stderr } = await preview(...args);
  expect([code, stdout.length]).toEqual([2, 0]);
  expect(stderr).toMatch(why);
});

test("--config has its limits and extensions hold", async () => {
  const config = write("config.yaml", "sample: {rows: 2}\nformats: {extensions: {.dat: csv}}\n");
  const { stdout } = await preview(write("a.dat", rows(9)), "--config", config);
  expect(stdout.toString()).toBe(rows(2));
});

test("a slow reader gets all of it", async () => {
  const path = write("large.json", JSON.stringify([{ a: "x".repeat(900_000) }]));
  const command = `${process.execPath} ${main} preview ${path} | (sleep 3; wc -c)`;
  const { stdout } = await run(["sh", "-c", command]);
  expect(Number(stdout)).toBe(statSync(path).size);
});

test("an object at a web server is sampled where it lies, and its query is not shown", async () => {
  const served = objectOf(Buffer.from(rows(50_000)));
  await using server = await startObjects(served);
  const url = server.url("orders%20new.csv").href;
  const { code, stdout, stderr } = await preview(url, "--rows", "2");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.toString()).toBe(rows(2));
  const json = await preview(url, "--json");
  const facts = { name: "orders new.csv", format: "csv", readBytes: 131_072, requests: 1 };
  expect(JSON.parse(json.stdout.toString())).toMatchObject({ ...facts, sourceSize: served.size });
  expect(server.asked).toEqual(["bytes=0-131071", "bytes=0-131071"]);
});

test.each([
  [404, /FILE_MISSING: http:\S+ the server answers 404/],
  [403, /FORBIDDEN: http:\S+ the server answers 403/],
] as const)(
  "an object that cannot be had (%d) is a failure with a code",
  async (status, message) => {
    await using server = await startObjects(
      objectOf(Buffer.of(), {
        answer: (_n, _request, response) => response.writeHead(status).end() !== undefined,
      }),
    );
    const { code, stderr } = await preview(server.url("a.csv").href);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain(SECRET);
  },
);

test("a format can be said of a URL without a name, and what is no URL is told without its query", async () => {
  await using server = await startObjects(objectOf(Buffer.from(rows(3))));
  const url = server.url("download").href;
  const { stdout } = await preview(url, "--format", "csv", "--json");
  expect(JSON.parse(stdout.toString())).toMatchObject({ name: "download.csv", format: "csv" });
  const { code, stderr } = await preview(`https://[no/a?sig=${SECRET}`);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("[no/a?…") });
});
