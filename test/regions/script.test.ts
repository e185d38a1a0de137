import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StagingDocument } from "../../src/regions/document.ts";
import type { ListedFile } from "../../src/regions/file-list.ts";
import { fileLine, headText, LAST_LINE } from "../../src/regions/script-text.ts";
import { startObjectServer } from "../helpers/object-server.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { startProxy } from "../helpers/tcp-proxy.ts";
import { whyWithout } from "../helpers/workplace.ts";
import { run } from "../helpers/world.ts";
import { startTwoRegions, type TwoRegions } from "./two-regions.ts";

const why = whyNoRgw ?? whyWithout(["curl", "sha256sum"]);
if (why !== undefined) process.stdout.write(`no script is run: ${why}\n`);
const whyNoCheck = whyWithout(["shellcheck"]);
if (whyNoCheck !== undefined) process.stdout.write(`no script is checked: ${whyNoCheck}\n`);
const there = test.skipIf(why !== undefined);
const shells = ["sh", "dash", "bash"].filter((shell) => whyWithout([shell]) === undefined);

const big = randomBytes(12 * 1024 ** 2);
const names = [
  "-o",
  "empty",
  "a b/'single' \"double\"",
  "back\\slash\\n",
  "$(touch led)`touch led`;*?[a]",
  "ä/ü{1,2}+#%20&=.bin",
  "--/-rf/deep",
];
const contentOf = (name: string) => (name === "empty" ? "" : `content of ${name}`);

let root: string;
let here: TwoRegions;
let fileId: string;
let treeId: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sampler-script-"));
  if (why !== undefined) return;
  here = await startTwoRegions();
  const upload = async (path: string, dest: string) => {
    const done = await here.json("upload", path, "--regions", "east,west", "--dest", dest);
    return done["staging_id"] as string;
  };
  fileId = await upload(await here.write("genome.fa", big), join(here.root, "usual/it's $HOME"));
  for (const name of names) await here.write(`tree/${name}`, contentOf(name));
  treeId = await upload(join(here.root, "tree"), join(here.root, "usual/tree"));
});
afterAll(async () => {
  await rm(root, { recursive: true });
  await here?.[Symbol.asyncDispose]();
});

/** Writes the script of a staging, and gives its path. */
async function script(id: string, ...options: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await here.stage(["script", id, ...options]);
  if (code !== 0) throw new Error(stderr);
  return await here.write(`${id}.sh`, stdout);
}

/** A new place that is not there yet. */
function place(name: string): string {
  return join(here.root, randomBytes(4).toString("hex"), name);
}

async function expectTree(path: string): Promise<void> {
  for (const name of names)
    expect(await readFile(join(path, name), "utf8"), name).toBe(contentOf(name));
  const all = await readdir(path, { recursive: true, withFileTypes: true });
  expect(all.filter((entry) => entry.isFile())).toHaveLength(names.length);
}

there.each(shells)(
  "%s brings a tree to its place, whatever its files are called",
  async (shell) => {
    const path = place("-it's a \\ place");
    const text = await script(treeId);
    const first = await run([shell, text, path]);
    expect(first).toEqual({ code: 0, stdout: `${path}\n`, stderr: "" });
    await expectTree(path);
    expect(await readdir(join(path, ".."))).toEqual(["-it's a \\ place"]);
    const again = await run([shell, text, path]);
    expect([again.code, again.stderr]).toEqual([0, "it was there already\n"]);
    await writeFile(join(path, "-o"), "mine");
    const other = await run([shell, text, path]);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("is not this")]);
    expect(existsSync("led")).toBe(false);
  },
);

there(
  "a file comes to where the staging says, and an empty directory gives way to a tree",
  async () => {
    const usual = join(here.root, "usual/it's $HOME");
    const done = await run(["sh", await script(fileId)]);
    expect(done).toEqual({ code: 0, stdout: `${usual}\n`, stderr: "" });
    expect((await readFile(usual)).equals(big)).toBe(true);
    expect((await stat(usual)).mode & 0o777).toBe(0o640);
    const path = place("tree");
    await mkdir(path, { recursive: true });
    expect((await run(["sh", await script(treeId), `${path}/`])).code).toBe(0);
    await expectTree(path);
    await symlink(path, `${path}.link`);
    const linked = await run(["sh", await script(fileId), `${path}.link`]);
    expect([linked.code, linked.stderr]).toEqual([1, expect.stringContaining("is not this")]);
  },
);

there("a flipped byte places nothing, of a file and of a tree", async () => {
  const wrong = Buffer.from(big);
  wrong[big.length - 1] = (wrong.at(-1) as number) ^ 1;
  await here.west.put(`${fileId}/genome.fa`, wrong);
  const path = place("file");
  const done = await run(["sh", await script(fileId, "--region", "west"), path]);
  expect([done.code, done.stderr]).toEqual([1, expect.stringContaining("SHA-256")]);
  await here.west.put(`${treeId}/--/-rf/deep`, contentOf("--/-rf/deep").replace("deep", "Deep"));
  const tree = place("tree");
  const text = await script(treeId, "--region", "west");
  const other = await run(["sh", text, tree]);
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("-rf/deep")]);
  expect([existsSync(path), existsSync(tree)]).toEqual([false, false]);
  // What was right stays, for the next time.
  await here.west.put(`${treeId}/--/-rf/deep`, contentOf("--/-rf/deep"));
  expect((await run(["sh", text, tree])).code).toBe(0);
  await expectTree(tree);
});

there("a script that is cut off, or whose object is gone, places nothing and fails", async () => {
  const text = await readFile(await script(treeId), "utf8");
  const lines = text.trimEnd().split("\n");
  const end = lines.findIndex((line) => line.startsWith("get ")) + 2;
  const some = lines[end] as string;
  for (const cut of ["", "", some.slice(0, 90), some.slice(0, -20)]) {
    const path = place("tree");
    const short = await here.write("short.sh", [...lines.slice(0, end), cut].join("\n"));
    for (const shell of shells) expect((await run([shell, short, path])).code).not.toBe(0);
    expect(existsSync(path)).toBe(false);
  }
  const path = place("tree");
  const gone = await here.write("gone.sh", text.replaceAll(`${treeId}/`, `${treeId}/no/`));
  const done = await run(["sh", gone, path]);
  expect([done.code, done.stderr]).toEqual([1, expect.stringMatching(/the store answers 40[34]/)]);
  expect(existsSync(path)).toBe(false);
});

/** A process, and all that it started. */
function familyOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  return [pid, ...children.filter((each) => each !== "").flatMap((each) => familyOf(Number(each)))];
}

/** True where a process shows a signature to others. */
function showsSignature(): boolean {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("X-Amz-Signature");
      } catch {
        return false;
      }
    });
}

there("a script that is killed in the middle goes on, and shows its URLs to nobody", async () => {
  const HALF = 5 * 1024 ** 2;
  let stalls = 0;
  await using proxy = await startProxy(here.urls.east, () => {
    stalls -= 1;
    return stalls === 0 ? { how: "stall", afterBytes: HALF } : undefined;
  });
  await here.configure({ east: proxy.url });
  const text = await script(fileId, "--region", "east");
  await here.configure({});
  stalls = 1;
  const path = place("file");
  const work = join(path, `../.${fileId}.script`);
  const part = join(work, `part.${createHash("sha256").update(big).digest("hex")}`);
  const killed = run(["sh", text, path], undefined, {
    async onStart(child) {
      while ((await stat(part).catch(() => ({ size: 0 }))).size < HALF - 65_536) await sleep(20);
      expect(showsSignature()).toBe(false);
      for (const pid of familyOf(child.pid as number)) process.kill(pid, "SIGKILL");
    },
  });
  expect((await killed).code).not.toBe(0);
  const kept = (await stat(part)).size;
  expect([kept > 0, kept < big.length]).toEqual([true, true]);
  expect((await run(["sh", text, path])).code).toBe(0);
  expect((await readFile(path)).equals(big)).toBe(true);
  expect(await readdir(join(path, ".."))).toEqual(["file"]);
});

there(
  "parts that another process left are verified, and those that are whole are not fetched",
  async () => {
    const sha256 = createHash("sha256").update(big).digest("hex");
    const text = await readFile(await script(fileId), "utf8");
    // Nothing answers there.
    const cut = await here.write("cut.sh", text.replaceAll(here.urls.east.host, "127.0.0.1:1"));
    const usual = join(here.root, `${fileId}.sh`);
    for (const [program, bytes] of [
      [cut, big],
      [usual, Buffer.alloc(1000)],
      [usual, Buffer.concat([big, big])],
    ] as const) {
      const path = place("file");
      const work = join(path, `../.${fileId}.script`);
      await mkdir(work, { recursive: true });
      await writeFile(join(work, `part.${sha256}`), bytes);
      const done = await run(["sh", program, path]);
      expect(done).toMatchObject({ code: 0, stderr: "" });
      expect((await readFile(path)).equals(big)).toBe(true);
    }
  },
);

there("two at the same time do not meet", async () => {
  const text = await script(fileId);
  const path = place("file");
  const work = join(path, `../.${fileId}.script`);
  await mkdir(work, { recursive: true });
  await symlink(String(process.pid), join(work, "lock"));
  const second = await run(["sh", text, path]);
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining("is at it")]);
  expect(await readlink(join(work, "lock"))).toBe(String(process.pid));
});

there("a script says when it ends, and that it is a secret", async () => {
  const hours = async (...options: string[]) => {
    const { stdout, stderr } = await here.stage(["script", fileId, ...options]);
    const [, iso = ""] = /^# THIS SCRIPT IS A SECRET: .* end at (\S+)\.$/m.exec(stdout) ?? [];
    expect(stderr).toContain(`whoever has the script can read the files until ${iso}`);
    const [, seconds] = /X-Amz-Expires=(\d+)/.exec(stdout) ?? [];
    return [Math.round((Date.parse(iso) - Date.now()) / 3_600_000), Number(seconds) / 3600];
  };
  expect(await hours()).toEqual([24, 24]);
  expect(await hours("--expires", "2")).toEqual([2, 2]);
  const soon = new Date(Date.now() + 3_600_000 + 5000).toISOString();
  await here.change(here.east, fileId, { expires_at: soon });
  expect((await hours("--expires", "100"))[0]).toBe(1);
  await here.change(here.east, fileId, { expires_at: "2020-01-01T00:00:00.000Z" });
  for (const [options, message] of [
    [[], "its time is over"],
    [["--expires", "169"], "1 to 168"],
  ] as const) {
    const refused = await here.stage(["script", fileId, ...options]);
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain(message);
  }
});

test.skipIf(why !== undefined || whyWithout(["gzip", "zstd"]) !== undefined)(
  "a staging that is stored compressed comes to its place as it was",
  async () => {
    for (const codec of ["gzip", "zstd"]) {
      const args = ["--regions", "east,west", "--compress", codec];
      const upload = async (path: string) =>
        (await here.json("upload", path, ...args))["staging_id"] as string;
      const file = place("file");
      const text = await script(await upload(join(here.root, "genome.fa")), "--region", "west");
      expect(await run(["sh", text, file])).toEqual({ code: 0, stdout: `${file}\n`, stderr: "" });
      expect((await readFile(file)).equals(big)).toBe(true);
      const path = place("tree");
      const tree = await script(await upload(join(here.root, "tree")));
      expect(await readFile(tree, "utf8")).toContain(`unpackers='${codec}'`);
      expect(await run(["sh", tree, path])).toMatchObject({ code: 0, stderr: "" });
      await expectTree(path);
      expect(await run(["sh", tree, path])).toMatchObject({
        code: 0,
        stderr: "it was there already\n",
      });
    }
  },
);

const listed = { path: "a", etag: "", part_bytes: 0 };

test.skipIf(whyWithout(["curl", "gzip", "zstd"]) !== undefined)(
  "what is compressed is unpacked, and verified before and after",
  async () => {
    const content = Buffer.from("ACGT".repeat(10_000));
    const packed = { gzip: gzipSync(content), zstd: zstdCompressSync(content) };
    await using server = await startObjectServer({ gzip: packed.gzip, zstd: packed.zstd });
    const sha = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    for (const compression of ["gzip", "zstd"] as const) {
      const stored = { bytes: packed[compression].length, sha256: sha(packed[compression]) };
      const file = { ...listed, bytes: content.length, sha256: sha(content) };
      const url = server.url(compression);
      const done = await runText({ ...file, compression, stored }, url);
      expect(done.stderr).toBe("");
      expect((await readFile(done.path)).equals(content)).toBe(true);
      const wrong = await runText({ ...file, sha256: stored.sha256, compression, stored }, url);
      expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("unpacked")]);
      expect(existsSync(wrong.path)).toBe(false);
    }
  },
);

const head = {
  document: {
    staging_id: "stage-0123456789ab",
    filename: "a\n$(touch led)",
    kind: "file",
    file_count: 1,
    size_bytes: 1,
    destination: "/mnt/a\n'b",
  } as StagingDocument,
  expires: new Date("2026-12-01T00:00:00Z"),
  isTemporary: true,
};

test.skipIf(whyWithout(["curl", "sha256sum"]) !== undefined)(
  "what is there already is not asked for again",
  async () => {
    await using server = await startObjectServer({ a: big });
    const sha256 = createHash("sha256").update(big).digest("hex");
    const url = server.url("a");
    const part = (bytes: Buffer) => ({ name: `part.${sha256}`, bytes });
    const file = { ...listed, bytes: big.length, sha256 };
    const half = await runText(file, url, part(big.subarray(0, 5_000_000)));
    expect(half).toMatchObject({ code: 0, stderr: "" });
    expect((await readFile(half.path)).equals(big)).toBe(true);
    expect(server.sent()).toBe(big.length - 5_000_000);
    const whole = await runText(file, url, part(big));
    expect([whole.code, server.requests.length]).toEqual([0, 1]);
  },
);

async function runText(
  file: ListedFile,
  url: string,
  there?: { readonly name: string; readonly bytes: Buffer },
) {
  const unpackers = file.compression === undefined ? [] : [file.compression];
  const text = headText({ ...head, unpackers }) + fileLine(file, "file", url) + LAST_LINE;
  await writeFile(join(root, "script.sh"), text);
  const path = join(root, randomBytes(4).toString("hex"), "file");
  const work = join(path, `../.${head.document.staging_id}.script`);
  await mkdir(work, { recursive: true });
  if (there !== undefined) await writeFile(join(work, there.name), there.bytes);
  return { ...(await run(["sh", join(root, "script.sh"), path])), path };
}

test("a name of a staging does not leave the comment that it stands in", () => {
  const text = headText({ ...head, unpackers: ["zstd"] });
  const comments = text.split("\n").filter((line) => line.includes("touch led"));
  expect(comments).toEqual([expect.stringMatching(/^# stage-0123456789ab: a·\$\(touch led\)/)]);
  expect(text).toContain("usual='/mnt/a\n'\\''b'\n");
  expect(text).toContain("temporary credentials");
  expect(text).toContain("the GNU coreutils, zstd.");
});

test.skipIf(whyNoCheck !== undefined)("shellcheck finds nothing", async () => {
  const file = { ...listed, path: "it's", bytes: 1, sha256: "0".repeat(64) };
  const text = headText({ ...head, unpackers: ["gzip", "zstd"] });
  const compressed = { compression: "gzip", stored: { bytes: 1, sha256: file.sha256 } } as const;
  const lines = [file, { ...file, ...compressed }].map((each) =>
    fileLine(each, "tree", "http://a"),
  );
  await writeFile(join(root, "script.sh"), text + lines.join("") + LAST_LINE);
  const done = await run(["shellcheck", "-s", "sh", join(root, "script.sh")]);
  expect(done).toEqual({ code: 0, stdout: "", stderr: "" });
});
