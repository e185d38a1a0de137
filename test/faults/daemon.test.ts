import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Daemon } from "../helpers/daemon.ts";
import { createWorld, DATASET, rows, type World } from "../helpers/world.ts";
import { whyNoFaults } from "./fault.ts";
import { endingWithUs } from "../helpers/child.ts";

/** A trouble of the daemon: a call that fails for a while, and the words for it in the log. */
interface Trouble {
  readonly what: string;
  readonly call: string;
  readonly errno: string;
  /** The one path that it fails on; below the prefix, for the file at hand. Any where not given. */
  readonly path?: (name: string) => string;
  /** In place of `path`: as the call has it. */
  readonly beneath?: (name: string) => string;
  /** The log line that tells it. */
  readonly told: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const manifest = `${DATASET}/manifests/processed.jsonl`;
const troubles: readonly Trouble[] = [
  {
    what: "bronze cannot be read",
    call: "pread64",
    errno: "EIO",
    path: (name) => `${DATASET}/bronze/${name}`,
    told: "failed",
    fields: { code: "FILE_UNREADABLE" },
  },
  {
    what: "the file server forgot bronze",
    call: "openat2",
    errno: "ESTALE",
    // It is opened from the dataset's directory, which is held.
    beneath: (name) => `bronze/${name}`,
    told: "failed",
    fields: { code: "FILE_UNREADABLE" },
  },
  {
    what: "the manifests cannot be opened",
    call: "openat2",
    errno: "ESTALE",
    beneath: () => "manifests",
    told: "not read",
    fields: { code: "MANIFEST_UNREADABLE" },
  },
  {
    what: "the manifest cannot be read",
    call: "pread64",
    errno: "EIO",
    path: () => manifest,
    told: "not read",
    fields: { code: "MANIFEST_UNREADABLE" },
  },
  {
    what: "there is no room for samples",
    call: "renameat",
    errno: "ENOSPC",
    told: "dataset waits",
    fields: { code: "OUTPUT_FULL" },
  },
  {
    what: "the quota is used up",
    call: "renameat",
    errno: "EDQUOT",
    told: "dataset waits",
    fields: { code: "OUTPUT_FULL" },
  },
  {
    what: "receipts cannot be written",
    call: "write",
    errno: "EFBIG",
    path: () => `${DATASET}/samples/_receipts.jsonl`,
    told: "dataset waits",
    fields: { code: "OUTPUT_UNWRITABLE" },
  },
  {
    what: "the cache is full",
    call: "pwrite64",
    errno: "ENOSPC",
    path: () => ".staging-sampler/cache.db-wal",
    told: "pass failed",
    fields: { code: "SQLITE_FULL" },
  },
];

const reason = whyNoFaults();
if (reason !== undefined) process.stdout.write(`faults of a daemon are not tried: ${reason}\n`);

test.skipIf(reason !== undefined)(
  "a daemon tells of each fault that lasts for a while, goes on, and does all once it is over",
  async () => {
    await using world = await createWorld();
    await world.put("first.csv", rows(3));
    const daemon = await world.daemon();
    await daemon.logged("sampled", { raw: "raw/first.csv" });
    for (const [at, trouble] of troubles.entries()) {
      const name = `${at}.csv`;
      const tracer = await attach(daemon, world, trouble, name);
      await world.put(name, rows(3));
      await daemon.logged(trouble.told, trouble.fields);
      await detach(tracer);
      // What failed waits for 5 s; then any line makes the daemon look at what is due.
      await world.run(["retry"]);
      await world.put(`${at}-next.csv`, rows(3));
      for (const raw of [`raw/${name}`, `raw/${at}-next.csv`])
        await daemon.logged("sampled", { raw });
    }
    daemon.kill("SIGTERM");
    expect(await daemon.exited()).toBe(0);
    expect(daemon.stderr()).toBe("");

    expect((await world.run(["audit", "--json"])).code).toBe(0);
    expect(world.rows().filter(({ outcome, waiting }) => outcome !== "sampled" || waiting)).toEqual(
      [],
    );
    const samples = await world.samples();
    expect(samples).toHaveLength(1 + 2 * troubles.length);
    for (const sample of samples) expect((await world.sample(sample)).toString()).toBe(rows(3));
  },
);

/** Lets a call of the running daemon fail from now on. */
async function attach(
  { pid }: Daemon,
  { prefix }: World,
  { call, errno, path, beneath }: Trouble,
  name: string,
): Promise<ChildProcess> {
  const at = path === undefined ? beneath?.(name) : join(prefix, path(name));
  const only = at === undefined ? [] : ["-P", at];
  const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:error=${errno}`];
  const args = ["-f", "-p", String(pid), ...only, ...inject, "-o", "/dev/null"];
  const tracer = spawn(...endingWithUs("strace", args), {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    tracer.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(" attached")) resolve();
    });
    tracer.on("exit", () => reject(new Error(`strace ended: ${said}`)));
  });
  return tracer;
}

async function detach(tracer: ChildProcess): Promise<void> {
  const ended = once(tracer, "exit");
  tracer.kill("SIGINT");
  await ended;
}
