import { execFileSync, spawn } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import yauzl from "yauzl";
import { expect, test } from "vitest";
import { paxRecord, tarOf } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { makeSpecial, NEVER_HANGS, specialKinds, whyNoSpecial } from "../store/special-file.ts";
import { createWorld, type World } from "../helpers/world.ts";
import { endingWithUs } from "../helpers/child.ts";

/** Content outside of the lake; it must never show up in it. */
const SECRET = "S3CR3T";
/** Files that are announced while paths are swapped under them; more with SWAPPED. */
const SWAPPED = Number(process.env["SWAPPED"] ?? 400);

/** A lake with a file beside it, and a good file in it. */
async function besideASecret(config: object = {}): Promise<World & { readonly outside: string }> {
  const world = await createWorld(config);
  const outside = join(world.root, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "a.csv"), `${SECRET}\n1\n`);
  await world.write("bronze/a.csv", "v\n1\n");
  return Object.assign(world, { outside });
}

/** Nothing below the lake holds the secret, by content or by link, and nothing was added to it. */
async function expectKept(world: World & { readonly outside: string }): Promise<void> {
  expect(await readdir(world.outside)).toEqual(["a.csv"]);
  expect(readFileSync(join(world.outside, "a.csv"), "utf8")).toBe(`${SECRET}\n1\n`);
  const found = await readdir(world.prefix, { recursive: true, withFileTypes: true });
  for (const entry of found) {
    if (entry.isFile()) {
      const text = readFileSync(join(entry.parentPath, entry.name), "latin1");
      expect(text.includes(SECRET), join(entry.parentPath, entry.name)).toBe(false);
    }
  }
}

/** Bronze paths of the kind that lead elsewhere. `outside` is a directory beside the lake. */
function climbing(prefix: string, outside: string): string[] {
  const up = "../".repeat(40);
  const escapedDots = "\udcc0\udcae\udcc0\udcae/".repeat(6);
  return [
    ["..", ".", "/", "//", "./", "../", "bronze", "bronze/", "bronze/..", "../..", "/.."],
    [`${up}${outside}/a.csv`, `bronze/${up}${outside}/a.csv`, `./${up}etc/passwd`],
    [`${outside}/a.csv`, `/${outside}/a.csv`, `//${outside}//a.csv`, `${outside}/./a.csv`],
    [`${prefix}/../outside/a.csv`, `${prefix}/acme/../../outside/a.csv`],
    [`bronze/a.csv/../../../../../../outside/a.csv`, "bronze/a.csv/", "bronze/a.csv/./"],
    [`/proc/self/root${outside}/a.csv`, `/proc/self/cwd/${up}${outside}/a.csv`],
    ["/proc/self/environ", "/proc/self/fd/0", "/proc/self/mem", "/proc/kmsg", "/dev/fd/0"],
    ["/dev/stdin", "/dev/zero", "/dev/random", "/dev/tty", "/dev/mem", "/sys/kernel/notes"],
    ["/etc/passwd", "/etc/shadow", "~", "~/a.csv", "~root/.profile", "$HOME/a.csv", "`id`"],
    [`file://${outside}/a.csv`, `file:${outside}/a.csv`, "http://localhost/a.csv", "|cat"],
    ["bronze/%2e%2e/%2e%2e/a.csv", "bronze/..%2f..%2fa.csv", "bronze/..%00/a.csv"],
    ["bronze\\..\\..\\a.csv", "C:\\Windows\\win.ini", "\\\\server\\share\\a.csv", "NUL", "CON"],
    ["\uff0e\uff0e/\uff0e\uff0e/outside/a.csv", "\u2024\u2024/a.csv", "\u2025/a.csv"],
    ["..\u2215..\u2215outside\u2215a.csv", "..\uff0foutside\uff0fa.csv", "\u202e../a.csv"],
    [`${escapedDots}outside/a.csv`, "\udcff\udcfe", "bronze/a\udce9.csv", "\ufeff/etc/passwd"],
    ["bronze/a.csv\n", "bronze/\na.csv", "bronze/a.csv\r", "bronze/a.csv ", " bronze/a.csv"],
    ["bronze/A.csv", "BRONZE/a.csv", "bronze/\u0430.csv", "bronze/a.cs\u0475", "bronze/*.csv"],
    ["bronze/\u001b[2J.csv", "bronze/\u0007.csv", "bronze/a.csv;id", "bronze/a.csv\u200b"],
    [`bronze/${"x".repeat(255)}`, `bronze/${"x".repeat(256)}`, `bronze/${"\u00fc".repeat(128)}`],
    ["x/".repeat(2047), "x/".repeat(2048), "./".repeat(2100), `/${"x".repeat(5000)}`],
    `${"/".repeat(5000)}etc/passwd`,
  ].flat();
}

test("no bronze path leads out of the lake, and none stops the run or the file after it", async () => {
  await using world = await besideASecret();
  const paths = climbing(world.prefix, world.outside);
  for (const [i, bronze] of paths.entries()) {
    await world.announce("x", { raw: `raw/${i}.csv`, bronze });
  }
  await world.announce("a.csv");
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  expect(ran.code).toBe(3);
  expect(JSON.parse(ran.stdout)).toMatchObject({ failed: paths.length, sampled: 1, errors: 0 });
  for (const { raw, code } of world.rows()) {
    const what = `${raw}: ${JSON.stringify(paths[Number(/\d+/.exec(raw)?.[0])])}`;
    if (raw === "raw/a.csv") expect(code).toBeNull();
    else expect(code, what).toMatch(/^(PATH_REFUSED|FILE_MISSING|FILE_UNREADABLE)$/);
  }
  expect(paths.length).toBeGreaterThan(80);
  expect(ran.stderr).not.toContain("\u001b");
  expect(await world.samples()).toEqual(["a_sample.csv"]);
  await expectKept(world);
});

test("nothing but a regular file is opened, whatever stands under a bronze name, or a link to it", async () => {
  await using world = await besideASecret();
  const kinds = specialKinds.filter((kind) => {
    const why = whyNoSpecial(kind);
    if (why !== undefined) console.log(`left out: ${why}`);
    return why === undefined;
  });
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(world.path("bronze/socket"), resolve));
  const names = ["socket"];
  for (const [i, kind] of kinds.entries()) {
    makeSpecial(kind, world.path(`bronze/${i}`), join(world.outside, "a.csv"));
    names.push(`${i}`);
  }
  for (const name of names.slice()) {
    await symlink(name, world.path(`bronze/to-${name}`));
    names.push(`to-${name}`);
  }
  const targets = {
    directory: world.outside,
    up: "../../../../..",
    root: "/",
    proc: "/proc/self/root",
    fd: "/proc/self/fd",
    stdin: "/dev/stdin",
    zero: "/dev/zero",
    dangling: "/nowhere/a",
    "loop-a": "loop-b",
    "loop-b": "loop-a",
    deep: "deep/deep",
  };
  for (const [name, target] of Object.entries(targets)) {
    await symlink(target, world.path(`bronze/${name}`));
    names.push(name, `${name}/a.csv`, `${name}/outside/a.csv`, `${name}${world.outside}/a.csv`);
  }
  await symlink("a.csv", world.path("bronze/chain-0"));
  for (let i = 1; i <= 41; i += 1) await symlink(`chain-${i - 1}`, world.path(`bronze/chain-${i}`));
  names.push("chain-41");
  for (const name of names) await world.announce(`${name}.csv`, { bronze: `bronze/${name}` });
  await world.announce("a.csv", { bronze: "bronze/chain-39" });
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  await new Promise((resolve) => void server.close(resolve));
  expect(ran.code).toBe(3);
  expect(JSON.parse(ran.stdout)).toMatchObject({ failed: names.length, sampled: 1, errors: 0 });
  for (const { raw, code } of world.rows()) {
    if (raw === "raw/a.csv") expect(code).toBeNull();
    else expect(code, raw).toMatch(/^(PATH_REFUSED|FILE_MISSING)$/);
  }
  expect(await world.samples()).toEqual(["a_sample.csv"]);
  await expectKept(world);
});

/** Raw names that are awkward to make a file name of. All differ. */
const awkward = [
  "..",
  ".",
  "/",
  "//",
  "../../x.csv",
  "/etc/cron.d/x.csv",
  "raw/../../../x.csv",
  "a/./b/../c",
  "~",
  "~root",
  "-rf.csv",
  "$(id).csv",
  "`id`.csv",
  "a;b.csv",
  "a|b.csv",
  "a&b.csv",
  "*",
  "?",
  "raw/a\nb.csv",
  "raw/a\rb.csv",
  "raw/a	b.csv",
  "raw/\x1B[31mred.csv",
  "raw/\x07.csv",
  "raw/.csv",
  "raw/.csv",
  "raw/a b.csv",
  "raw/ a.csv",
  "raw/a.csv ",
  "raw/a.csv.",
  "raw/café.csv",
  "raw/café.csv",
  "raw/caf\udce9.csv",
  "raw/\udcff\udcfe\udc80",
  "raw/A.csv",
  "raw/a.csv",
  "raw/a.CSV",
  "raw/а.csv",
  "raw/ａ.csv",
  "raw/a​.csv",
  "raw/‮gnp.csv",
  "raw/﻿a.csv",
  "raw/∕etc∕passwd",
  "raw/．．",
  "CON",
  "con.csv",
  "aux.csv",
  "NUL.csv",
  "COM1.csv",
  "a:b.csv",
  'a"b.csv',
  "a<b>.csv",
  "a\\b",
  "..\\..\\x.csv",
  "C:\\x.csv",
  "raw/.csv",
  "raw/.hidden",
  "raw/..csv",
  "raw/...",
  "raw/.ss-",
  ".ss-0123456789abcdef.tmp",
  "_receipts.jsonl",
  "_receipts.jsonl.1",
  "_receipts.jsonl/x.csv",
  "samples/_receipts.jsonl",
  "raw/a_sample.csv",
  "raw/data/x.csv",
  "raw/other/x.csv",
  "raw/x/",
  `raw/${"x".repeat(240)}.csv`,
  `raw/${"x".repeat(255)}`,
  `raw/${"x".repeat(256)}.csv`,
  `raw/${"ü".repeat(127)}.csv`,
  `raw/${"📈".repeat(80)}.csv`,
  `raw/${"x".repeat(5e3)}.csv`,
  `raw/a.${"e".repeat(300)}`,
  `raw/${"a.".repeat(200)}csv`,
  `${"d/".repeat(1e3)}x.csv`,
  `${"../".repeat(1e3)}x.csv`,
  `raw/${"y".repeat(300)}/x.csv`,
].flat();

test.each(["flat", "mirror"] as const)(
  "whatever a raw is called, its sample is its own and below samples, with layout %s",
  async (layout) => {
    await using world = await besideASecret({ sample: { layout } });
    for (const [i, raw] of awkward.entries()) {
      await world.write(`bronze/${i}.csv`, `file\n${i}\n`);
      await world.announce("x", { raw, bronze: `bronze/${i}.csv` });
    }
    const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
    expect(JSON.parse(ran.stdout)).toMatchObject({ lines: awkward.length, errors: 0, paused: 0 });
    expect(ran.stderr).not.toContain("\u001b");
    const rows = world.rows();
    expect(new Set(awkward).size).toBe(awkward.length);
    expect(rows).toHaveLength(awkward.length);
    const samples = new Set(rows.map(({ sample }) => sample));
    let failed = 0;
    for (const [i, raw] of awkward.entries()) {
      const row = rows.find((each) => each.raw === raw);
      if (row?.outcome !== "sampled") {
        // A path that no file system takes; flat names are always short.
        expect(`${layout} ${row?.code}`, raw).toBe("mirror PATH_REFUSED");
        expect(raw.length).toBeGreaterThan(1000);
        failed += 1;
        continue;
      }
      const name = row.sample?.replace(/^samples\//, "") ?? "";
      for (const part of name.split("/")) {
        // oxlint-disable-next-line no-control-regex
        expect(part, raw).toMatch(/^[^.\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$/);
      }
      expect(lstatSync(world.path(join("samples", name))).isFile()).toBe(true);
      const text = (await world.sample(name)).toString();
      expect(text, raw).toContain(row.format === "metadata" ? `"original": ` : `file\n${i}\n`);
    }
    expect(samples.size).toBe(awkward.length - failed + (failed > 0 ? 1 : 0));
    expect(await world.samples()).toHaveLength(awkward.length - failed);
    await expectKept(world);
    const list = await world.run(["list"]);
    // oxlint-disable-next-line no-control-regex
    expect(list.stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/);
  },
);

test("manifest lines whose paths are no paths are rejected, and name nothing", async () => {
  await using world = await besideASecret();
  const wrong = ["a\0b", "\0", "\ud800", "a\ud800b", "\udc7f", "", 7, null, [], {}, true];
  for (const value of wrong) {
    await world.manifest(`${JSON.stringify({ raw: value, bronze: "bronze/a.csv", mtime: 1 })}\n`);
    await world.manifest(`${JSON.stringify({ raw: "raw/a.csv", bronze: value, mtime: 1 })}\n`);
  }
  await world.announce("a.csv");
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  expect(JSON.parse(ran.stdout)).toMatchObject({ rejected: 2 * wrong.length, sampled: 1 });
  expect(await world.samples()).toEqual(["a_sample.csv"]);
});

const memberNames = [
  "../../x.txt",
  "/etc/x.txt",
  "//x.txt",
  "a/../../x.txt",
  "..\\..\\x.txt",
  "C:\\x.txt",
  "C:C:\\x.txt",
  "./C:/x.txt",
  "C:..",
  "C:../C:../x.txt",
  "C:C:C:/x.txt",
  "c:../x.txt",
  "\\\\server\\x.txt",
  "..",
  ".",
  "~/x.txt",
  "nul\0.txt",
  "new\nline.txt",
  "tab	.txt",
  "\x1B[2J.txt",
  "a//b.txt",
  "./x.txt",
  "-rf.txt",
  "_manifest.txt",
  "x.txt",
  "x.txt",
  "X.TXT",
  "x.txt/y.txt",
  "‮txt.exe",
  "CON.txt",
  "..∕x.txt",
  "%2e%2e/x.txt",
  "x".repeat(300),
  "d/".repeat(400),
  "y".repeat(65500),
].flat();

test("a zip's sample has no member that leaves the folder it is unpacked to, and lists each on a line", async () => {
  await using world = await besideASecret({ sample: { members: 1000 } });
  for (const [i, name] of memberNames.entries()) {
    // Twice: what makes names unique must not make them unsafe.
    const members = [name, name].map((each) => ({ name: each, data: "x\n", flags: 1 << 11 }));
    await world.put(`${i}.zip`, zipOf(members));
  }
  const highest = Buffer.alloc(65_000, 0xdb);
  await world.put("cp437.zip", zipOf([{ name: highest, data: "x\n" }]));
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  expect(ran.stderr).toBe("");
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: memberNames.length + 1, failed: 0 });
  for (const i of memberNames.keys()) {
    const archive = await yauzl.fromBufferPromise(await world.sample(`${i}_sample.zip`));
    let members = 0;
    for await (const entry of archive.eachEntry()) {
      const { fileName } = entry;
      members += 1;
      // oxlint-disable-next-line no-control-regex
      expect(fileName).not.toMatch(/^\/|^[a-zA-Z]:|\\|\0|(^|\/)\.\.?(\/|$)/);
      // A regular file: no link, no device, no set-user-ID bit.
      expect((entry.externalFileAttributes >>> 16) & 0o177000).toBe(0o100000);
      if (fileName !== "_manifest.txt") continue;
      const stream = await archive.openReadStreamPromise(entry);
      expect((await buffer(stream)).toString().trimEnd().split("\n")).toHaveLength(2);
    }
    expect(members).toBeGreaterThan(0);
  }
  await expectKept(world);
});

test("a tar's listing has a line for each member, whatever its name, link or type is", async () => {
  await using world = await besideASecret();
  const long = (name: string) => ({ name: "p", type: "x", data: paxRecord("path", name) });
  const members = [
    ...memberNames.filter((name) => Buffer.byteLength(name) < 100).map((name) => ({ name })),
    ...["1", "2", "3", "4", "5", "6", "7"].map((type) => ({
      name: `type-${type}`,
      type,
      linkName: "../../../../../../etc/passwd",
    })),
    long("new\nline\tand\rback\\slash"),
    { name: "other" },
    long("../".repeat(2000)),
    { name: "other" },
  ];
  await world.put("a.tar", tarOf(members));
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  const listing = (await world.sample("a_sample.txt")).toString("latin1");
  const lines = listing.trimEnd().split("\n");
  expect(lines).toHaveLength(members.length - 2);
  for (const line of lines) expect(line.split("\t")).toHaveLength(3);
  expect(listing).toContain("new\\nline\\tand\\rback\\\\slash\t");
  await expectKept(world);
});

test("a sample's own name that is a link is replaced, and what it led to stays", async () => {
  await using world = await besideASecret();
  await world.write("samples/_receipts.jsonl", "");
  for (const [i, target] of [
    join(world.outside, "a.csv"),
    world.path("bronze/a.csv"),
    "x",
  ].entries()) {
    await world.put(`${i}.csv`, "v\n2\n");
    await symlink(target, world.path(`samples/${i}_sample.csv`));
  }
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 3, failed: 0 });
  for (const i of [0, 1, 2]) {
    expect(lstatSync(world.path(`samples/${i}_sample.csv`)).isFile()).toBe(true);
    expect((await world.sample(`${i}_sample.csv`)).toString()).toBe("v\n2\n");
  }
  expect(readFileSync(world.path("bronze/a.csv"), "utf8")).toBe("v\n1\n");
  await expectKept(world);
});

test("a vendor that is a link to another disk is a dataset of its own, and nothing beside it is read", async () => {
  await using world = await besideASecret();
  const disk = join(world.root, "disk");
  const directory = join(disk, "orders/v1");
  await mkdir(join(directory, "manifests"), { recursive: true });
  await mkdir(join(directory, "bronze"));
  await writeFile(join(directory, "bronze/a.csv"), "v\n1\n");
  await writeFile(join(disk, "orders/beside.csv"), `${SECRET}\n`);
  await symlink(disk, join(world.prefix, "linked"));
  const dataset = "linked/orders/v1";
  await world.announce("a.csv", { dataset });
  for (const bronze of ["../beside.csv", `${disk}/orders/beside.csv`, `${world.outside}/a.csv`]) {
    await world.announce("x", { raw: `raw/${bronze}`, bronze, dataset });
  }
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 1, failed: 3 });
  const codes = world.rows().map(({ code }) => code);
  expect(codes.filter((code) => code !== null)).toEqual(Array(3).fill("PATH_REFUSED"));
  expect(await readdir(join(directory, "samples"))).toContain("a_sample.csv");
  await expectKept(world);
});

test("a manifests directory that is a link out of the lake is not read, and nothing of it is told", async () => {
  await using world = await besideASecret();
  const manifests = join(world.root, "manifests");
  await mkdir(manifests);
  await writeFile(join(manifests, "processed.jsonl"), `${SECRET}\n`);
  await symlink(manifests, world.path("manifests"));
  await world.announce("a.csv", { dataset: "acme/other/v1", bronze: world.path("bronze/a.csv") });
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 1, errors: 1, rejected: 0 });
  expect(ran.stderr).toMatch(/MANIFEST_UNREADABLE/);
  expect(ran.stderr + ran.stdout).not.toContain(SECRET);
  await expectKept(world);
});

test("a manifest that is no regular file is an error, a generation is left out, and nothing waits", async () => {
  await using world = await besideASecret();
  const kinds = specialKinds.filter((kind) => whyNoSpecial(kind) === undefined);
  for (const [i, kind] of kinds.entries()) {
    for (const [j, name] of ["processed.jsonl", "processed.jsonl.1"].entries()) {
      const dataset = `special/kind-${i}/v${j}`;
      await mkdir(world.path("manifests", dataset), { recursive: true });
      makeSpecial(kind, world.path(`manifests/${name}`, dataset), join(world.outside, "a.csv"));
      if (j > 0) await world.put("a.csv", "v\n1\n", { dataset });
    }
  }
  await world.announce("a.csv");
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 1 + kinds.length, errors: kinds.length });
  expect(ran.stderr + ran.stdout).not.toContain(SECRET);
  await expectKept(world);
});

test("samples that are a link to where production writes are not written", async () => {
  await using world = await besideASecret();
  await world.put("b.csv", "v\n1\n", { dataset: "acme/other/v1" });
  await mkdir(world.path("samples", "acme/other/v1"));
  const targets = ["bronze", "manifests", "../../other/v1/bronze", "../../other/v1/samples"];
  for (const [i, target] of targets.entries()) {
    const dataset = `acme/linked/v${i}`;
    await world.put("a.csv", "v\n1\n", { dataset });
    await symlink(target, world.path("samples", dataset));
  }
  const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 1, errors: targets.length });
  for (const [i] of targets.entries()) {
    const dataset = `acme/linked/v${i}`;
    expect(await readdir(world.path("bronze", dataset))).toEqual(["a.csv"]);
    expect(await readdir(world.path("manifests", dataset))).toEqual(["processed.jsonl"]);
  }
  expect(await readdir(world.path("bronze", "acme/other/v1"))).toEqual(["b.csv"]);
});

test("samples that are a link to another disk, which is allowed, go there", async () => {
  const disk = await mkdtemp(join(tmpdir(), "sampler-disk-"));
  try {
    await using world = await besideASecret({ allowedRoots: [disk] });
    await mkdir(join(disk, "samples"));
    await symlink(join(disk, "samples"), world.path("samples"));
    await world.announce("a.csv");
    const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(await readdir(join(disk, "samples"))).toContain("a_sample.csv");
  } finally {
    await rm(disk, { recursive: true });
  }
});

/** Exchanges the names of pairs for ever, one pair after the other, each in one step. */
const swapper = `
import ctypes, json, sys
libc = ctypes.CDLL(None, use_errno=True)
pairs = [[name.encode() for name in pair] for pair in json.load(sys.stdin)]
def swap(): return [libc.renameat2(-100, a, -100, b, 2) for a, b in pairs]
if any(swap()): sys.exit(1)
print("swapping", flush=True)
while True: swap()
`;

type Pair = readonly [a: string, b: string];

/** Runs `run --once` while names are exchanged all the time; returns why that cannot be. */
async function runWhileSwapped(world: World, pairs: readonly Pair[]): Promise<string | undefined> {
  const child = spawn(...endingWithUs("python3", ["-c", swapper]), {
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => undefined);
  const begun = new Promise<boolean>((resolve) => {
    child.on("error", () => resolve(false)).on("exit", () => resolve(false));
    child.stdout.once("data", () => resolve(true));
  });
  child.stdin.end(JSON.stringify(pairs));
  if (!(await begun)) return "names cannot be exchanged here (needs python3 and renameat2)";
  try {
    const ran = await world.run(["run", "--once", "--json"], NEVER_HANGS);
    expect(ran.stdout + ran.stderr).not.toContain(SECRET);
    expect(ran.code).not.toBeNull();
    return undefined;
  } finally {
    child.kill("SIGKILL");
  }
}

test.for([
  ["a file and a link out of the lake", "bronze/d/a.csv", "bronze/d/b.csv", "a.csv"],
  ["a directory and a link out of the lake", "bronze/d", "bronze/e", ""],
  ["a file and a FIFO", "bronze/d/a.csv", "bronze/d/fifo", ""],
] as const)(
  "while %s are exchanged all the time, nothing of outside reaches a sample, and nothing hangs",
  async ([, a, b, target], { skip }) => {
    await using world = await besideASecret();
    await world.write("bronze/d/a.csv", "v\n1\n");
    if (b.endsWith("fifo")) execFileSync("mkfifo", [world.path(b)]);
    else await symlink(join(world.outside, target), world.path(b));
    for (let i = 0; i < SWAPPED; i += 1) {
      await world.announce(`${i}.csv`, { bronze: "bronze/d/a.csv" });
    }
    const why = await runWhileSwapped(world, [[world.path(a), world.path(b)]]);
    if (why !== undefined) skip(why);
    for (const name of await world.samples()) {
      expect((await world.sample(name)).toString()).toBe("v\n1\n");
    }
    expect(world.rows()).toHaveLength(SWAPPED);
  },
);

test("while manifests and links out of the lake are exchanged, nothing of outside is told, and nothing hangs", async ({
  skip,
}) => {
  await using world = await besideASecret();
  const datasets = Array.from({ length: SWAPPED / 8 }, (_, i) => `swapped/d${i}/v1`);
  const pairs: Pair[] = [];
  for (const [i, dataset] of datasets.entries()) {
    const bronze = world.path("bronze/a.csv");
    await world.announce("a.csv", { dataset, bronze });
    const other = world.path("manifests/other", dataset);
    if (i % 2 === 0) await symlink(join(world.outside, "a.csv"), other);
    else execFileSync("mkfifo", [other]);
    pairs.push([world.path("manifests/processed.jsonl", dataset), other]);
  }
  for (let round = 0; round < 2; round += 1) {
    const why = await runWhileSwapped(world, pairs);
    if (why !== undefined) skip(why);
    for (const dataset of datasets) {
      for (const receipt of await world.receipts(dataset)) {
        expect(JSON.stringify(receipt)).not.toContain(SECRET);
      }
    }
  }
});
