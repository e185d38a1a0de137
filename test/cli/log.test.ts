import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { chmod, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";
import { type Daemon, startDaemon } from "../helpers/daemon.ts";
import { hasTerminal, onTerminal } from "./terminal.ts";
import { endingWithUs, PATIENCE_MS } from "../helpers/child.ts";
import { surroundings } from "../helpers/surroundings.ts";

const root = join(import.meta.dirname, "../..");
const main = join(root, "src/main.ts");
const NEVER = "0 0 29 2 *";
/** Fields of every line. */
const COMMON = ["level", "time", "pid", "sampler", "msg"];

/** Message → keys, as docs/operations.md has them. */
function documented(): Map<string, readonly string[]> {
  const [, table = ""] =
    /^## Log\n.*?^\| message \|[^\n]*\n\|[^\n]*\n(.*?)^\n/ms.exec(
      readFileSync(join(root, "docs/operations.md"), "utf8"),
    ) ?? [];
  const rows = table.trim().split("\n");
  const ticked = (cell: string) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
  return new Map(
    rows.flatMap((row) => {
      const [, messages = "", , keys = ""] = row.split("|");
      return ticked(messages).map((message) => [message, ticked(keys)] as const);
    }),
  );
}

/** The messages that the program's text has in calls of its log. */
function messagesInCode(): Set<string> {
  const found = new Set<string>();
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".ts"))) {
    const text = readFileSync(join(root, "src", file), "utf8");
    const calls = text.matchAll(
      /\blog(?:\.(?:error|warn|info|debug)|\[[^\]]+\])\((?:[^;]*?,)?\s*((?:[^;,]*\? )?"[^"]+"(?: : "[^"]+")?),?\s*\);?/g,
    );
    for (const [, messages = ""] of calls) {
      const texts = [...messages.matchAll(/"([^"]+)"/g)].map(([, message]) => message as string);
      const isChoice = messages.includes("?");
      for (const message of isChoice ? texts.slice(-2) : texts.slice(-1)) found.add(message);
    }
  }
  return found;
}

function unknownKeys(daemon: Daemon, table: ReturnType<typeof documented>): string[] {
  return daemon.lines.flatMap(({ msg, ...fields }) => {
    const keys = table.get(msg);
    if (keys === undefined) return [`${msg}: not in the table`];
    const known = new Set([...COMMON, ...keys]);
    return Object.keys(fields)
      .filter((key) => !known.has(key))
      .map((key) => `${msg}: ${key}`);
  });
}

test("the table in docs/operations.md has every message of the program, and no other", () => {
  expect([...documented().keys()].toSorted()).toEqual([...messagesInCode()].toSorted());
});

test("through failures, rejects, retention, reloads and a lost cache a daemon logs messages and keys of the table only", async () => {
  await using world = await createWorld({ schedule: "* * * * * *", retention: { maxFiles: 3 } });
  const table = documented();
  await world.put("a.csv", rows(200));
  await world.announce("gone.csv");
  await world.put("broken.zip", "no zip");
  await world.manifest("no entry\n");
  await world.write("samples/.ss-0123456789abcdef.tmp", "left by a crash");
  await world.write("manifests/processed.jsonl", "", "acme/link/v1");
  await rm(world.path("manifests/processed.jsonl", "acme/link/v1"));
  await world.write("manifests/processed.jsonl/x", "a directory", "acme/link/v1");
  const daemon = await world.daemon();
  await daemon.logged("temporary files removed");
  await daemon.logged("failed", { code: "FILE_MISSING" });
  await daemon.logged("failed", { code: "FORMAT_INVALID" });
  await daemon.logged("line rejected");
  await daemon.logged("not read");
  await daemon.logged("sampled");
  for (let i = 0; i < 6; i += 1) await world.put(`${i}.csv`, rows(3));
  await daemon.logged("samples pruned");

  await world.announce("elsewhere.csv", { dataset: "acme/away/v1" });
  await rm(world.path("bronze", "acme/away/v1"), { recursive: true, force: true });
  await daemon.logged("dataset waits");
  await writeFile(world.path("manifests/processed.jsonl"), entry("z.csv"));
  await daemon.logged("manifest read again");

  const good = JSON.parse(readFileSync(world.config, "utf8")) as object;
  await writeFile(world.config, "prefix: [");
  daemon.kill("SIGHUP");
  await daemon.logged("configuration refused; the old one stays");
  await writeFile(world.config, JSON.stringify({ ...good, load: { maxCpu: 0.000001 } }));
  daemon.kill("SIGHUP");
  await daemon.logged("configuration read again");
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  expect(unknownKeys(daemon, table)).toEqual([]);

  await writeFile(join(world.state, "cache.db"), "no cache any more");
  await world.configure({ schedule: NEVER });
  const next = await world.daemon();
  await next.logged("cache moved aside");
  next.kill("SIGTERM");
  await next.exited();
  expect(unknownKeys(next, table)).toEqual([]);
});

function entry(name: string): string {
  return `${JSON.stringify({ raw: `raw/${name}`, bronze: `bronze/${name}`, mtime: MTIME })}\n`;
}

test("there is one line for each failed try, and none for a sample unless at debug", async () => {
  await using world = await createWorld({ schedule: NEVER });
  for (let i = 0; i < 5; i += 1) await world.put(`${i}.csv`, rows(3));
  for (let i = 0; i < 4; i += 1) await world.put(`${i}.zip`, "no zip");
  const daemon = await world.daemon({ LOG_LEVEL: "info" });
  await daemon.logged("pass");
  const count = (msg: string) => daemon.lines.filter((line) => line.msg === msg).length;
  expect([count("failed"), count("sampled"), count("pass")]).toEqual([4, 0, 1]);
});

test("SIGHUP changes the level", async () => {
  await using world = await createWorld({ schedule: NEVER });
  // Without LOG_LEVEL, which would win.
  const env = { ...surroundings, STAGING_SAMPLER_CONFIG: world.config };
  const daemon = await startDaemon(main, env);
  try {
    await daemon.logged("pass");
    await world.configure({ schedule: NEVER, log: { level: "debug" } });
    daemon.kill("SIGHUP");
    await daemon.logged("configuration read again");
    await world.put("a.csv", rows(3));
    await daemon.logged("sampled", { raw: "raw/a.csv" });
  } finally {
    await daemon.end();
  }
});

/** Runs the daemon with its output in a file that it takes for the journal, until it has logged. */
async function asJournal(world: World, until: string): Promise<string[]> {
  const path = join(world.root, "journal");
  const file = await open(path, "w");
  const { dev, ino } = statSync(path);
  const env = {
    ...surroundings,
    STAGING_SAMPLER_CONFIG: world.config,
    JOURNAL_STREAM: `${dev}:${ino}`,
    LOG_LEVEL: "debug",
  };
  const child = spawn(...endingWithUs(process.execPath, [main, "run"]), {
    env,
    stdio: ["ignore", file.fd, file.fd],
  });
  const ended = once(child, "close");
  await file.close();
  while (!readFileSync(path, "utf8").includes(until) && child.exitCode === null) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  child.kill("SIGTERM");
  await ended;
  return readFileSync(path, "utf8").trimEnd().split("\n");
}

const levels: Readonly<Record<number, string>> = { 50: "<3>", 40: "<4>", 30: "<6>", 20: "<7>" };

test("where stdout is the journal, each line begins with its priority, and names can forge none", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.put("a.csv", rows(3));
  await world.put("<0>b.zip", "no zip");
  await world.announce(`<1>${"long".repeat(2000)}.csv`, { bronze: "bronze/none.csv" });
  const lines = await asJournal(world, '"msg":"pass"');
  const seen = new Set<string>();
  for (const line of lines) {
    const [, prefix = "", json = ""] = /^(<\d>)(.*)$/.exec(line) ?? [];
    const { level } = JSON.parse(json) as { level: number };
    expect(prefix).toBe(levels[level]);
    expect(json).not.toMatch(/<\d>/);
    expect(line.length).toBeLessThan(48 * 1024);
    seen.add(prefix);
  }
  expect([...seen].toSorted()).toEqual(["<4>", "<6>", "<7>"]);
  const failed = lines.filter((line) => line.includes('"msg":"failed"'));
  const raws = failed.map((line) => (JSON.parse(line.slice(3)) as { raw: string }).raw);
  expect(raws.toSorted()[0]).toBe("raw/<0>b.zip");
  expect(raws.toSorted()[1]).toMatch(/^raw\/<1>(long)+.*…$/);
});

test("what ends the program is an error in the journal too", async () => {
  await using world = await createWorld();
  await writeFile(world.config, "prefix: [");
  const lines = await asJournal(world, "CONFIG_INVALID");
  expect(lines[0]).toMatch(/^<3>staging-sampler: CONFIG_INVALID: /);
});

const hasJournal =
  process.getuid?.() === 0 &&
  existsSync("/lib/systemd/systemd-journald") &&
  spawnSync("unshare", ["--mount", "true"]).status === 0;
if (!hasJournal) process.stderr.write("skipped: needs root, unshare and systemd-journald\n");

test.skipIf(!hasJournal)("a real journal has the levels, and shows plain JSON", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.put("a.csv", rows(3));
  await world.put("b.zip", "no zip");
  const script = join(world.root, "journal.sh");
  await writeFile(
    script,
    `set -eu
mount --make-rprivate /
mount -t tmpfs none /run
mkdir -p /run/systemd/journal /run/log/journal /run/systemd/journald.conf.d
printf '[Journal]\\nReadKMsg=no\\nAudit=no\\nStorage=volatile\\n' > /run/systemd/journald.conf.d/t.conf
/lib/systemd/systemd-journald >/dev/null 2>&1 & journald=$!
while ! [ -S /run/systemd/journal/stdout ]; do :; done
# As systemd sets it; systemd-cat of older versions does not.
set_stream='JOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/1) exec "$@"'
systemd-cat --identifier=sampler sh -c "$set_stream" sh "$@" & sampler=$!
while ! journalctl -q -D /run/log/journal -t sampler -o cat 2>/dev/null | grep -q '"msg":"pass"'; do :; done
kill $sampler; wait $sampler || true
journalctl -q --sync
for priority in 4 6; do
  journalctl -q -D /run/log/journal -t sampler -p $priority..$priority -o cat | sed "s/^/$priority /"
done
kill $journald
`,
  );
  await chmod(script, 0o755);
  const args = ["--mount", "sh", script, process.execPath, main, "run"];
  const ran = spawnSync("unshare", args, {
    env: { ...surroundings, STAGING_SAMPLER_CONFIG: world.config },
    encoding: "utf8",
    timeout: PATIENCE_MS,
  });
  const lines = ran.stdout.trimEnd().split("\n");
  const shown = lines.map((line) => {
    const { level, msg } = JSON.parse(line.slice(2)) as { level: number; msg: string };
    return `${line[0]} ${level} ${msg}`;
  });
  expect(shown).toContain("4 40 failed");
  expect(shown).toContain("6 30 pass");
  expect(shown.every((line) => /^(4 40|6 30) /.test(line))).toBe(true);
});

test.skipIf(!hasTerminal)(
  "on a terminal the log is for people, in colour unless NO_COLOR is set",
  async () => {
    await using world = await createWorld({ schedule: NEVER });
    await world.put("b\u001b[31m\u0085.zip", "no zip");
    const env = { STAGING_SAMPLER_CONFIG: world.config, TERM: "xterm" };
    for (const colour of [{}, { NO_COLOR: "1" }]) {
      await world.put("b\u001b[31m\u0085.zip", "no zip", {
        mtime: MTIME + Object.keys(colour).length,
      });
      await using shown = await onTerminal(["run"], { ...env, ...colour });
      await shown.until(/failed.*raw\/b\\u001b\[31m·\.zip/);
      await shown.until(/pass/);
      shown.type("\u0003");
      expect(await shown.exited()).toBe(0);
      const hasColour = shown.seen().includes("\u001b[33mWARN");
      expect(hasColour).toBe(!("NO_COLOR" in colour));
      if ("NO_COLOR" in colour) expect(shown.seen()).not.toContain("\u001b");
    }
  },
);
