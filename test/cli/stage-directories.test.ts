import { GetObjectCommand } from "@aws-sdk/client-s3";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startRgw, whyNoRgw } from "../helpers/rgw.ts";
import { type Bucket, createBucket, endpointAt, keyFileText } from "../helpers/s3-bucket.ts";
import { run } from "../helpers/world.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no directories of buckets: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);
const main = join(import.meta.dirname, "../../src/main.ts");
const ends = new AsyncDisposableStack();
let endpoints = {};
let bucket: Bucket;
let directory: string;
let config: string;

beforeAll(async () => {
  if (whyNoRgw !== undefined) return;
  const rgw = ends.use(await startRgw());
  bucket = await createBucket(rgw, "refs");
  const keys = await mkdtemp(join(tmpdir(), "sampler-keys-"));
  ends.defer(() => rm(keys, { recursive: true }));
  await writeFile(join(keys, "keys.json"), keyFileText(rgw.keys));
  endpoints = { default: endpointAt(rgw.url, join(keys, "keys.json")) };
});
afterAll(() => ends.disposeAsync());

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sampler-directories-"));
  config = join(directory, "config.yaml");
  await writeFile(config, JSON.stringify({ state: at("state"), endpoints }));
  return () => rm(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);

/** Runs a shell's script with the path of each parameter, and the task's inputs and outputs. */
async function task(
  script: string,
  inputs: readonly object[],
  outputs: readonly object[] = [],
  ...options: readonly string[]
) {
  await writeFile(at("task.json"), JSON.stringify({ inputs, outputs }));
  const named = ([...inputs, ...outputs] as { path: string }[]).map(({ path }) => path);
  const names = named.map((path) => path.replace(/^\/|\/$/g, ""));
  const params = Object.fromEntries(names.map((name, i) => [`p${i}`, name]));
  await writeFile(at("params.json"), JSON.stringify(params));
  const args = [at("task.json"), "--params", at("params.json"), "--json", ...options];
  const command = ["--", "sh", "-ec", script, ...Object.keys(params).map((name) => `{${name}}`)];
  const ended = await run([process.execPath, main, "stage", "run", ...args, ...command], config, {
    env: {},
  });
  const { result } = JSON.parse(ended.stdout === "" ? "{}" : ended.stdout);
  return { ...ended, result };
}

async function tree(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(at(name), path, ".."), { recursive: true });
    await writeFile(join(at(name), path), text);
  }
  return at(name);
}

test("a directory of this machine keeps its paths, and is one parameter", async () => {
  const source = await tree("in", { "b.txt": "b", "sub/deep/a %.txt": "a" });
  await symlink(at("in/b.txt"), at("in/link"));
  await mkdir(at("in/empty"));
  const inputs = [{ path: "/data/", url: `file://${source}/`, type: "DIRECTORY" }];
  const { code, result } = await task('cd "$0"; find . -type f | sort; cat sub/deep/*', inputs);
  expect(code).toBe(0);
  const files = ["data/b.txt", "data/link", "data/sub/deep/a %.txt"];
  expect(result).toMatchObject({ status: "success", staged_files: files });
  expect(result.stdout).toBe("./b.txt\n./link\n./sub/deep/a %.txt\na");
});

there("a directory of a bucket keeps its paths, and its sizes verify its files", async () => {
  await bucket.put("hg 38/a.fa", "chr1");
  await bucket.put("hg 38/sub/b+%41.fa", "chr2");
  await bucket.put("hg 38/sub/", Buffer.alloc(0));
  await bucket.put("hg 38x", "of another name");
  const inputs = [{ path: "/ref", url: "s3://refs/hg 38/", type: "DIRECTORY" }];
  const { code, result } = await task('cd "$0"; cat a.fa sub/*', inputs, [], "--strict");
  expect(code).toBe(0);
  expect(result.staged_files).toEqual(["ref/a.fa", "ref/sub/b+%41.fa"]);
  expect(result.stdout).toBe("chr1chr2");
  const nothing = [{ path: "/ref", url: "s3://refs/hg", type: "DIRECTORY" }];
  const { result: without } = await task("true", nothing);
  expect(without.failed_files).toMatchObject([{ name: "ref", code: "FILE_MISSING" }]);
});

there("a directory that a command makes is sent as a tree", async () => {
  const outputs = [
    { path: "/out", url: "s3://refs/results/one", type: "DIRECTORY" },
    { path: "/there", url: `file://${at("there")}`, type: "DIRECTORY" },
    { path: "/none", url: "s3://refs/results/none", type: "DIRECTORY" },
  ];
  const script = 'mkdir -p "$1/x y"; echo 1 > "$1/a#.txt"; echo 2 > "$1/x y/b"; cp -r "$1/." "$2"';
  const inputs = [{ path: "/in", content: "in" }];
  const { code, result } = await task(script, inputs, outputs);
  expect(code).toBe(3);
  expect(result.outputs.map(({ name, to }: Record<string, string>) => [name, to])).toEqual([
    ["out/a#.txt", "s3://refs/results/one/a#.txt"],
    ["out/x y/b", "s3://refs/results/one/x y/b"],
    ["there/a#.txt", `file://${at("there")}/a%23.txt`],
    ["there/x y/b", `file://${at("there")}/x%20y/b`],
  ]);
  expect(result.failed_outputs).toMatchObject([{ name: "none", code: "FILE_MISSING" }]);
  expect(await readFile(at("there/x y/b"), "utf8")).toBe("2\n");
  const sent = new GetObjectCommand({ Bucket: "refs", Key: "results/one/a#.txt" });
  expect(await (await bucket.client.send(sent)).Body?.transformToString()).toBe("1\n");
});

test("a link in what a command has made is not sent: it could lead to any file", async () => {
  const outputs = [{ path: "/out", url: `file://${at("out")}`, type: "DIRECTORY" }];
  const script = 'echo 1 > "$1/a"; ln -s /etc/passwd "$1/b"; ln -s / "$1/c"';
  const { code, result } = await task(script, [{ path: "/in", content: "in" }], outputs);
  expect(code).toBe(3);
  const refused = ["out/b", "out/c"].map((name) => ({ name, code: "FILE_UNREADABLE" }));
  expect(result.failed_outputs).toMatchObject(refused);
  expect(await readdir(at("out"))).toEqual(["a"]);
});

test("what lies below a web address cannot be listed: it is refused before anything begins", async () => {
  for (const url of ["https://data.example.org/dir/?sig=secret", "drs://data.example.org/1"]) {
    const directory = { path: "/dir", url, type: "DIRECTORY" };
    for (const [inputs, outputs] of [
      [[directory], []],
      [[], [directory]],
    ] as const) {
      const { code, stderr } = await task("true", inputs, outputs);
      expect(code).toBe(2);
      expect(stderr).toMatch(/USAGE: dir: .*cannot be listed: name its files/);
      expect(stderr).not.toContain("secret");
    }
  }
});

test("a directory that is not there, or cannot be read whole, fails alone, and its parameter stays", async () => {
  const source = await tree("in", { a: "a", b: "b" });
  await symlink(at("nowhere"), join(source, "c"));
  const inputs = [
    { path: "/gone", url: `file://${at("gone")}`, type: "DIRECTORY" },
    { path: "/some", url: source, type: "DIRECTORY" },
  ];
  const { result } = await task('echo "$0 $1"', inputs);
  expect(result.status).toBe("partial");
  expect(result.failed_files).toMatchObject([
    { name: "gone", code: "FILE_MISSING" },
    { name: "some/c", code: "FILE_MISSING" },
  ]);
  expect(result.staged_files).toEqual(["some/a", "some/b"]);
  expect(result.stdout).toBe("gone some\n");
  expect((await task("true", inputs, [], "--strict")).code).toBe(1);
});

test("two files of one name are refused, and so are more than a manifest may have", async () => {
  const source = await tree("in", { a: "a" });
  const some = { path: "/data", url: source, type: "DIRECTORY" };
  const twice = await task("true", [some, { path: "/data/a", content: "another" }]);
  expect(twice.result.failed_files).toMatchObject([{ name: "data", code: "USAGE" }]);
  await mkdir(at("many"));
  for (let i = 0; i < 10_000; i += 1) await writeFile(at(`many/${i}`), "");
  const many = await task("true", [{ ...some, url: at("many") }]);
  expect(many.result.failed_files).toMatchObject([{ name: "data", code: "LIMIT_EXCEEDED" }]);
});
