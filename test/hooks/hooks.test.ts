import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { call } from "../../src/hooks/call.ts";
import { command } from "../helpers/command.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

const NEVER = "0 0 29 2 *";
const gatherSeconds = 0.5;
/** Fails with its first try, for good. */
const BROKEN = "no zip";

/** Writes a program of a shell; returns its path. */
async function programOf(world: World, text: string): Promise<string> {
  const path = join(world.root, "hook");
  await writeFile(path, `#!/bin/sh\ncd ${world.root}\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

/** The documents that a program appended to `told`. */
function told(world: World): Record<string, unknown>[] {
  const lines = readFileSync(join(world.root, "told"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Puts many files that fail, with one write to the manifest. */
async function putBroken(world: World, count: number): Promise<void> {
  await mkdir(world.path("bronze"), { recursive: true });
  const names = Array.from({ length: count }, (_, i) => `${i}.zip`);
  await Promise.all(names.map((name) => writeFile(world.path(`bronze/${name}`), BROKEN)));
  const lines = names.map((name) =>
    JSON.stringify({ raw: `raw/${name}`, bronze: `bronze/${name}`, mtime: 1 }),
  );
  await world.manifest(`${lines.join("\n")}\n`);
}

/** True while a process runs; one that nobody has reaped does not. */
function runs(pid: string): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** A program that hangs, with another process, and leaves the numbers of both in `pids`. */
const HANGING = "sleep 1000 &\necho $$ $! > pids.new\nmv pids.new pids\nwait";

async function pidsOf(world: World): Promise<string[]> {
  const read = () => {
    try {
      return readFileSync(join(world.root, "pids"), "utf8").trim().split(" ");
    } catch {
      return [];
    }
  };
  await expect.poll(read).toHaveLength(2);
  return read();
}

test("a daemon tells hooks of findings, and of failures that are not tried again, without secrets of its own", async () => {
  await using world = await createWorld();
  const program = await programOf(world, 'env > env\nprintf "%s\\n" "$@" > args\ncat >> told');
  const failure = [program, "a b", "$HOME;`x`"];
  await world.configure({ schedule: NEVER, hooks: { gatherSeconds, failure, finding: [program] } });
  const daemon = await world.daemon({ AWS_SECRET_ACCESS_KEY: "hidden", NOTIFY_SOCKET: "/none" });
  await world.announce("gone.csv");
  await daemon.logged("failed", { code: "FILE_MISSING" });
  await world.put("a.zip", BROKEN);
  await expect.poll(() => told(world)).toHaveLength(1);
  expect(readFileSync(join(world.root, "args"), "utf8")).toBe("a b\n$HOME;`x`\n");
  const env = readFileSync(join(world.root, "env"), "utf8");
  expect(env).not.toMatch(/AWS|NOTIFY|NODE/);
  const [document] = told(world);
  const failed = { dataset: "acme/orders/v1", raw: "raw/a.zip", code: "FORMAT_INVALID", tries: 1 };
  const whole = { hook: "failure", count: 1, prefix: world.prefix, failures: [failed] };
  expect(document).toMatchObject(whole);
  expect(document?.["text"]).toMatch(
    /: 1 file failed for good\nacme\/orders\/v1 raw\/a\.zip: FORM/,
  );

  await world.put("day_1.csv", rows(30));
  await daemon.logged("sampled", { raw: "raw/day_1.csv" });
  await world.put("day_2.csv", rows(30).replaceAll(",", ";"));
  await expect.poll(() => told(world)).toHaveLength(2);
  const finding = told(world)[1];
  expect(finding).toMatchObject({ hook: "finding", count: 1, findings: [{ kind: "drift" }] });

  await world.configure({ schedule: NEVER, hooks: { gatherSeconds, failure: null } });
  daemon.kill("SIGHUP");
  await daemon.logged("configuration read again");
  await world.put("last.zip", BROKEN);
  await daemon.logged("failed", { raw: "raw/last.zip" });
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  expect(told(world)).toHaveLength(2);
});

test("while a hook hangs, files are sampled, and failures are gathered for one more call that lists 100", async () => {
  await using world = await createWorld();
  const waiting = ": > begun\nuntil [ -e go ]; do sleep 0.05; done\nexit 7";
  const program = await programOf(world, `[ -e begun ] && exec cat >> told\n${waiting}`);
  await world.configure({ schedule: NEVER, hooks: { gatherSeconds, failure: [program] } });
  const daemon = await world.daemon();
  await world.put("first.zip", BROKEN);
  await expect.poll(() => existsSync(join(world.root, "begun"))).toBe(true);
  await putBroken(world, 450);
  await world.put("a.csv", rows(3));
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  const linesOf = (wanted: string) => daemon.lines.filter(({ msg }) => msg === wanted);
  await expect.poll(() => linesOf("failed")).toHaveLength(451);
  expect(linesOf("hook failed")).toEqual([]);
  await writeFile(join(world.root, "go"), "");
  const failed = await daemon.logged("hook failed");
  expect(failed).toMatchObject({ hook: "failure", count: 1, reason: "exit code 7" });
  const cut = await daemon.logged("hook lists only a part");
  expect(cut).toMatchObject({ hook: "failure", listed: 100, count: 450 });
  const [document] = told(world);
  expect(document?.["failures"]).toHaveLength(100);
  expect(document).toMatchObject({ count: 450 });
});

test("a hook that fails is logged with the end of what it wrote, the next one is called, and one that hangs ends with the daemon", async () => {
  await using world = await createWorld();
  const long = "head -c 100000 /dev/zero | tr '\\0' x >&2; echo refused; exit 3";
  const program = await programOf(world, `[ -e second ] && exec cat >> told\n: > second\n${long}`);
  const settings = (failure: string[]) => ({ schedule: NEVER, hooks: { gatherSeconds, failure } });
  await world.configure(settings([program]));
  const daemon = await world.daemon();
  await world.put("1.zip", BROKEN);
  const failed = await daemon.logged("hook failed");
  expect(failed["reason"]).toBe("exit code 3");
  expect(failed["output"]).toMatch(/^x{1900,2000}\n?refused$/);
  await world.put("2.zip", BROKEN);
  await expect.poll(() => told(world)).toHaveLength(1);
  await world.configure(settings(["/none"]));
  daemon.kill("SIGHUP");
  await daemon.logged("configuration read again");
  await world.put("3.zip", BROKEN);
  expect((await daemon.logged("hook failed"))["reason"]).toMatch(/^cannot be started: .*ENOENT/);

  await programOf(world, HANGING);
  await world.configure(settings([program]));
  daemon.kill("SIGHUP");
  await daemon.logged("configuration read again");
  await world.put("4.zip", BROKEN);
  const pids = await pidsOf(world);
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  await expect.poll(() => pids.some(runs)).toBe(false);
});

test("a call ends with its time, and at a signal, and so does all that it has started", async () => {
  await using world = await createWorld();
  const hanging = { command: [await programOf(world, HANGING)], text: "" };
  const { signal } = new AbortController();
  const late = await call({ ...hanging, timeoutMs: 300, signal });
  expect(late?.reason).toBe("took longer than 0.3 s");
  const stopping = new AbortController();
  const stopped = call({ ...hanging, timeoutMs: 300_000, signal: stopping.signal });
  const pids = await pidsOf(world);
  stopping.abort();
  expect((await stopped)?.reason).toBe("ended, since the sampler stops");
  await expect.poll(() => pids.some(runs)).toBe(false);
});

test("after SIGKILL nothing of a hook is left", async () => {
  await using world = await createWorld();
  const failure = [await programOf(world, HANGING)];
  await world.configure({ schedule: NEVER, hooks: { gatherSeconds: 0, failure } });
  const daemon = await world.daemon();
  await world.put("1.zip", BROKEN);
  const pids = await pidsOf(world);
  daemon.kill("SIGKILL");
  await daemon.exited();
  await expect.poll(() => pids.some(runs)).toBe(false);
});

test("run --once waits for hooks, and tells of those that fail", async () => {
  await using world = await createWorld();
  const failure = [await programOf(world, "sleep 0.3; cat >> told; echo refused; exit 1")];
  await world.configure({ hooks: { gatherSeconds: 3600, failure } });
  await putBroken(world, 120);
  const ran = await command(world, "run", "--once");
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain("hooks.failure lists 100 of 120\n");
  expect(ran.stderr).toContain("hooks.failure: exit code 1: refused\n");
  expect(told(world)).toMatchObject([{ count: 120 }]);
});

test("check tells of programs that cannot be run", async () => {
  await using world = await createWorld();
  const hooks = { failure: [world.root, "x"], finding: [world.config] };
  await world.configure({ hooks });
  const { stdout } = await command(world, "check");
  expect(stdout).toContain(`${world.root}: hooks.failure cannot be run: it is no file\n`);
  expect(stdout).toMatch(/config\.yaml: hooks\.finding cannot be run: EACCES/);
  await world.configure({ hooks: { failure: ["curl"] } });
  expect((await command(world, "check")).stderr).toContain(
    "hooks.failure.0: a command begins with",
  );
});
