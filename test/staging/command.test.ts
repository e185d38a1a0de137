import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type CommandOptions, runCommand } from "../../src/staging/command.ts";

const params = { input_file: "/run/a b.sam", threads: 4, list: [1, "x"] };

async function run(command: readonly string[], more: Partial<CommandOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), "sampler-command-"));
  await mkdir(join(directory, ".staging"));
  const { PATH } = process.env;
  const { signal } = new AbortController();
  const places = { runDirectory: directory, cwd: directory, env: { PATH } };
  try {
    return await runCommand({ command, params, ...places, signal, ...more });
  } finally {
    await rm(directory, { recursive: true });
  }
}

test("parameters stand in arguments, on stdin and in a file; no shell sees them", async () => {
  const print = 'printf "%s|" "$0" "$@"; cat; cat "$STAGING_PARAMS"';
  const args = ["{input_file}", "-t{threads}", "$(id)", "{list}"];
  const { exitCode, stdout } = await run(["sh", "-c", print, ...args]);
  const json = `${JSON.stringify(params)}\n`;
  expect(stdout).toBe(`/run/a b.sam|-t4|$(id)|[1,"x"]|${json}${json}`);
  expect(exitCode).toBe(0);
});

test("its exit code is told, and a signal's as a shell does", async () => {
  expect((await run(["sh", "-c", "exit 7"])).exitCode).toBe(7);
  expect((await run(["sh", "-c", "kill -KILL $$"])).exitCode).toBe(137);
});

test("the last 64 KiB of its output are kept", async () => {
  const { stdout, stderr } = await run(["sh", "-c", "seq 100000; echo error >&2"]);
  expect(stdout).toHaveLength(65_536);
  expect(stdout.endsWith("99999\n100000\n")).toBe(true);
  expect(stderr).toBe("error\n");
});

test("one that does not read its input is fine", async () => {
  const large = { text: "x".repeat(1_000_000) };
  expect((await run(["true"], { params: large })).exitCode).toBe(0);
});

test("a program that is not there and a parameter that is not there are told", async () => {
  await expect(run(["no-such-program"])).rejects.toMatchObject({ code: "USAGE" });
  await expect(run(["echo", "{constructor}"])).rejects.toMatchObject({ code: "USAGE" });
  const gone = { runDirectory: "/nonexistent" };
  await expect(run(["true"], gone)).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
  const nul = { params: { a: "x\0y" } };
  await expect(run(["echo", "{a}"], nul)).rejects.toMatchObject({ code: "USAGE" });
});

/** A command that starts a child in the background; both say their numbers before they wait. */
const FAMILY = 'trap "" TERM; sh -c "echo child $$; exec sleep 1000" & echo $! > "$0"; wait';

test.each(["its time is over", "it is aborted"])("where %s its children end, too", async (why) => {
  const directory = await mkdtemp(join(tmpdir(), "sampler-command-"));
  const pidFile = join(directory, "pid");
  await writeFile(pidFile, "");
  const abort = new AbortController();
  const isAborted = why === "it is aborted";
  const limit = isAborted ? {} : { timeoutMs: 1000 };
  const running = run(["sh", "-c", FAMILY, pidFile], { signal: abort.signal, ...limit });
  const ending = expect(running).rejects.toMatchObject(
    isAborted ? { name: "AbortError" } : { code: "TIMEOUT" },
  );
  let pid = 0;
  while (pid === 0) {
    await sleep(10);
    pid = Number(await readFile(pidFile, "utf8"));
  }
  if (isAborted) abort.abort();
  await ending;
  while (await isThere(pid)) await sleep(10);
  await rm(directory, { recursive: true });
});

test("what it leaves in the background ends with it", async () => {
  const { stdout } = await run(["sh", "-c", "sleep 1000 & echo $!"]);
  while (await isThere(Number(stdout))) await sleep(10);
});

/** True for a process that runs; one that nobody has waited for yet does not. */
async function isThere(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  return text !== "" && !/\) Z /.test(text);
}
