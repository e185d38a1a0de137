import { spawnSync } from "node:child_process";
import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createWorld, DATASET, MTIME, rows, run, type World } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
/** Calls that change, remove or lock what they name; `openat` and `openat2` where flags say so. */
const changing = [
  "openat",
  "openat2",
  "creat",
  "unlink",
  "unlinkat",
  "rmdir",
  "rename",
  "renameat",
  "renameat2",
  "link",
  "linkat",
  "symlink",
  "symlinkat",
  "mkdir",
  "mkdirat",
  "mknod",
  "mknodat",
  "truncate",
  "ftruncate",
  "fallocate",
  "chmod",
  "fchmod",
  "fchmodat",
  "chown",
  "fchown",
  "lchown",
  "fchownat",
  "utime",
  "utimes",
  "futimesat",
  "utimensat",
  "setxattr",
  "fsetxattr",
  "lsetxattr",
  "flock",
  "fcntl",
];
const flags = ["-f", "-qq", "-y", "-s", "4096", "-e", "signal=none"];

function whyNoStrace(): string | undefined {
  const tried = spawnSync("strace", [...flags, "-o", "/dev/null", "true"]);
  if (tried.error !== undefined) return "strace is not installed";
  return tried.status === 0 ? undefined : `strace cannot trace: ${String(tried.stderr).trim()}`;
}

/** A lake in which much is amiss, so that as much of the program as possible has its turn. */
async function fill(world: World): Promise<void> {
  await world.put("a.csv", rows(200));
  await world.put("b.csv.gz", gzipSync(rows(200)));
  await world.put("misnamed.csv", Buffer.alloc(3000, 1));
  await world.put("broken.zip", "no zip");
  await world.put("c.tar", Buffer.alloc(1024));
  await world.announce("gone.csv");
  await world.manifest('no entry\n{"raw"');
}

/** The changes, removals and locks in the lake in a trace: pairs of a path and the call. */
async function changedIn(trace: string, prefix: string): Promise<[string, string][]> {
  const changed: [string, string][] = [];
  /** Paths that descriptors led to when they were opened. */
  const held = new Map<string, string>();
  for (const line of (await readFile(trace, "utf8")).split("\n")) {
    for (const path of changedBy(line, held)) {
      const call = /^\d+ +(?:<\.\.\. )?(\w+)/.exec(line)?.[1] ?? "";
      if (path.startsWith(`${prefix}/`)) changed.push([path.slice(prefix.length + 1), call]);
    }
    const [, fd, path] = / = (\d+)<(\/[^>]*)>$/.exec(line) ?? [];
    if (fd !== undefined && path !== undefined) held.set(fd, path);
  }
  return changed;
}

/** The paths that one call changes, as they are without the descriptors that they begin with. */
function changedBy(line: string, held: ReadonlyMap<string, string>): string[] {
  const call = /^\d+ +(\w+)\(/.exec(line)?.[1];
  if (call === undefined) return [];
  const isOpen = call.startsWith("openat");
  if (isOpen && !/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND/.test(line)) return [];
  if (call === "fcntl" && !/F_SETLK|F_OFD_SETLK|F_SETLEASE/.test(line)) return [];
  const named = line.replace(/ = .*$/, "");
  const paths: string[] = [];
  for (const [, at, quoted, open] of named.matchAll(
    /(?:\d+<(\/[^>]*)>, )?"([^"]*)"|<(\/[^>]*)>/g,
  )) {
    const path = quoted ?? open ?? "";
    const [, fd = "", rest = ""] = /^\/proc\/self\/fd\/(\d+)(.*)$/.exec(path) ?? [];
    if (at !== undefined && !path.startsWith("/")) paths.push(join(at, path));
    else paths.push(fd === "" ? path : (held.get(fd) ?? "") + rest);
  }
  return paths;
}

test("nothing of production's is written, renamed, removed or locked, in any call to the system", async (context) => {
  const reason = whyNoStrace();
  if (reason !== undefined) context.skip(reason);
  await using world = await createWorld();
  await fill(world);
  const production = async () => {
    const seen = await world.snapshot(world.path(""));
    return [...seen].filter(([name]) => /^(bronze|manifests)/.test(name));
  };
  const traced = async (name: string) => {
    world.close();
    const trace = join(world.root, name);
    const command = [process.execPath, main, "run", "--once"];
    const strace = ["strace", ...flags, "-e", `trace=${changing.join(",")}`, "-o", trace];
    const { code } = await run([...strace, ...command], world.config);
    expect(code).toBe(3);
    return changedIn(trace, world.prefix);
  };
  const before = await production();
  const first = await traced("first");
  expect(await production()).toEqual(before);
  // The file is what its name says now: its sample gets another name, and the old one goes.
  await world.put("misnamed.csv", rows(5), { mtime: MTIME + 1 });
  await rename(world.path("manifests/processed.jsonl"), world.path("manifests/processed.jsonl.1"));
  await world.put("d.csv", rows(5));
  const second = await traced("second");

  const all = [...first, ...second];
  const ours = new RegExp(`^(${DATASET}/samples|\\.staging-sampler)(/|$)`);
  expect(all.map(([path]) => path).filter((path) => !ours.test(path))).toEqual([]);
  expect(all.map(([path]) => path)).toContain(`${DATASET}/samples/_receipts.jsonl`);
  const removed = all.filter(([, call]) => /^(unlink|rmdir)/.test(call)).map(([path]) => path);
  const expected = /\/\.ss-[0-9a-f]{16}\.tmp$|^\.staging-sampler\/[\w.]+-(wal|shm|journal)$/;
  expect(removed.filter((path) => !expected.test(path))).toEqual([
    `${DATASET}/samples/misnamed_sample.meta.json`,
  ]);
});

test("whatever production removes, and whatever is switched off: no sample goes by itself", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.pass();
  const before = await world.samples();
  const passAgain = async (config: object = {}) => {
    await world.configure(config);
    await world.pass();
    expect(await world.samples()).toEqual(before);
  };
  await rm(world.path("bronze/a.csv"));
  await passAgain();
  await world.announce("a.csv", { mtime: MTIME + 1 });
  await passAgain();
  await passAgain({ sample: { enabled: false } });
  await passAgain({ datasets: { exclude: ["**"] } });
  await passAgain({ sample: { layout: "mirror" } });
  await rm(world.path("manifests/processed.jsonl"));
  await passAgain();
  await rm(world.path("bronze"), { recursive: true });
  await passAgain();
  await rm(world.path("manifests"), { recursive: true });
  await passAgain();
  world.close();
  await rm(world.state, { recursive: true });
  await passAgain();
});
