import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LEAN_FLAGS, LEAN_MALLOC, PASS_FLAGS } from "../../src/system/memory-flags.ts";
import { startDaemon } from "../helpers/daemon.ts";
import { createWorld, run } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

async function started(env: Readonly<Record<string, string>>) {
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const daemon = await startDaemon(main, { FP_PREFIX: world.prefix, ...env });
  onTestFinished(() => daemon.end());
  const read = (name: string) => readFileSync(`/proc/${daemon.pid}/${name}`, "utf8").split("\0");
  return { daemon, args: read("cmdline"), environment: read("environ") };
}

test("a daemon that is started without flags gives them to itself, and keeps its PID", async () => {
  const { daemon, args, environment } = await started({});
  expect(args.slice(1, LEAN_FLAGS.length + 1)).toEqual(LEAN_FLAGS);
  expect(args.slice(LEAN_FLAGS.length + 1)).toEqual([main, "run", ""]);
  expect(environment).toEqual(
    expect.arrayContaining(Object.entries(LEAN_MALLOC).map(([name, value]) => `${name}=${value}`)),
  );
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  expect(daemon.stderr()).toBe("");
});

test("what is set to another value stays so", async () => {
  const { environment } = await started({ MALLOC_ARENA_MAX: "7" });
  expect(environment).toContain("MALLOC_ARENA_MAX=7");
});

test("a single pass has flags of its own: it is over before memory could grow", async () => {
  const world = await createWorld();
  onTestFinished(() => world[Symbol.asyncDispose]());
  const told = join(world.root, "flags");
  const script = `import { appendFileSync } from "node:fs"; import { isMainThread } from "node:worker_threads";
    if (isMainThread) appendFileSync(${JSON.stringify(told)}, process.execArgv.join(" ") + "\\n");`;
  const hook = `--import=data:text/javascript,${encodeURIComponent(script)}`;
  const { code } = await run([process.execPath, main, "run", "--once"], world.config, {
    env: { NODE_OPTIONS: hook },
  });
  expect(code).toBe(0);
  expect(readFileSync(told, "utf8")).toBe(`\n${PASS_FLAGS.join(" ")}\n`);
});
