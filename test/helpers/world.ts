import { setImmediate } from "node:timers/promises";
import type { ListedEntry } from "../../src/store/rows.ts";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { metaOf, setMeta } from "../../src/store/sqlite/meta.ts";
import { storeIn } from "../../src/store/sqlite/store.ts";
import type { Store } from "../../src/store/store.ts";
import { listEntries } from "../../src/store/sqlite/queries/list.ts";
import { closeCache, type Db, openCache, type OpenedCache } from "../../src/store/sqlite/open.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Ingested } from "../../src/sampling/ingest/ingest.ts";
import { pathBytes } from "../../src/lib/pep383.ts";
import type { Effects } from "../../src/sampling/effects.ts";
import type { PassEvent } from "../../src/sampling/events.ts";
import { createPass, type Pass } from "../../src/sampling/pass.ts";
import type { PassSummary } from "../../src/store/types.ts";
import { bootIdOf } from "../../src/system/boot-id.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { RejectedLine } from "../../src/manifest/types.ts";
import { isRecords } from "../../src/samples/path.ts";
import { endingWithUs } from "./child.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { effectsHere } from "./effects.ts";
import { surroundings } from "./surroundings.ts";

/** The dataset that is meant where none is named. */
export const DATASET = "acme/orders/v1";
/** The mtime of an entry where none is given, seconds since epoch. */
export const MTIME = 1_737_200_000;

const main = join(import.meta.dirname, "../../src/main.ts");

/** Fields that a file is announced with, besides its name. */
export interface Announced {
  readonly dataset?: string;
  /** `raw/<name>` where it is not given. */
  readonly raw?: string;
  /** `bronze/<name>` where it is not given. */
  readonly bronze?: string;
  readonly mtime?: number;
}

/** The result of one pass. */
export interface Passed {
  readonly summary: PassSummary;
  readonly events: readonly PassEvent[];
  /** raw → `sampled`, or the code of its failure, or `paused`. */
  readonly outcomes: Readonly<Record<string, string>>;
  readonly rejected: readonly RejectedLine[];
  /** Of the dataset that is meant where none is named, last look. */
  readonly ingested: Ingested | undefined;
}

/** The result of a finished process. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of starting a process. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called once it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** One file, as far as a change to it shows. */
export interface Seen {
  readonly mtimeNs: bigint;
  readonly size: number;
  readonly text: string;
}

/** A lake in a directory of its own, which goes when the test is over. */
export interface World extends AsyncDisposable {
  /** Holds everything. */
  readonly root: string;
  readonly prefix: string;
  readonly state: string;
  readonly config: string;
  /** A path below a dataset. */
  path(path: string, dataset?: string): string;
  /** Replaces the configuration (the prefix is added) and starts again, as a restart would. */
  configure(config: object): Promise<void>;
  settings(): Settings;
  /** Writes a bronze file and announces it. */
  put(name: string, bytes: string | Uint8Array, announced?: Announced): Promise<void>;
  /** Writes a file below the dataset, its directories too. */
  write(path: string, bytes: string | Uint8Array, dataset?: string): Promise<void>;
  /** Appends an entry to the manifest. */
  announce(name: string, announced?: Announced): Promise<void>;
  /** Appends to the manifest as it is. */
  manifest(text: string | Uint8Array, dataset?: string): Promise<void>;
  /** Runs one pass in this process, as `run --once` does; cache and pass stay for the next one. */
  pass(effects?: Partial<Replaced>): Promise<Passed>;
  /** The open cache. */
  db(): Db;
  /** The store that is in it. */
  store(): Store;
  /** The cache that had to be moved aside to open one; undefined where there was none. */
  movedAside(): OpenedCache["movedAside"];
  /** Closes the cache, so that the next pass or another process opens it again. */
  close(): void;
  /** Paths of the samples below `samples/`, sorted. */
  samples(dataset?: string): Promise<string[]>;
  sample(name: string, dataset?: string): Promise<Buffer>;
  receipts(dataset?: string): Promise<Record<string, unknown>[]>;
  row(raw: string): ListedEntry | undefined;
  rows(): ListedEntry[];
  /** Everything below a directory, to compare. */
  snapshot(directory?: string): Promise<Map<string, Seen>>;
  /** Runs a command in a process of its own. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Starts `run`; it has logged "started" when this resolves. */
  daemon(env?: Readonly<Record<string, string>>): Promise<Daemon>;
}

/** Makes a lake with one empty dataset. Bad last lines and doubts settle within 10 ms. */
export async function createWorld(config: object = {}): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), "sampler-test-"));
  const prefix = join(root, "lake");
  const configPath = join(root, "config.yaml");
  const daemons: Daemon[] = [];
  let opened: OpenedCache | undefined;
  let store: Store | undefined;
  let pass: Pass | undefined;
  let current: Partial<Replaced> = {};
  let events: PassEvent[] = [];
  let aside: OpenedCache["movedAside"];

  const world: World = {
    root,
    prefix,
    state: join(prefix, ".staging-sampler"),
    config: configPath,
    path: (path, dataset = DATASET) => join(prefix, dataset, path),
    async configure(chosen) {
      world.close();
      const whole = { prefix, manifest: { settleMs: 10 }, ...chosen };
      await writeFile(configPath, JSON.stringify(whole, null, 2));
    },
    settings: () => loadConfig({ config: configPath, env: {} }),
    async put(name, bytes, announced = {}) {
      const { dataset = DATASET, bronze = `bronze/${name}` } = announced;
      await world.write(bronze, bytes, dataset);
      await world.announce(name, announced);
    },
    async write(path, bytes, dataset = DATASET) {
      const file = world.path(path, dataset);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(pathBytes(file), bytes);
    },
    async announce(
      name,
      { dataset, raw = `raw/${name}`, bronze = `bronze/${name}`, mtime = MTIME } = {},
    ) {
      await world.manifest(`${JSON.stringify({ raw, bronze, mtime })}\n`, dataset);
    },
    async manifest(text, dataset = DATASET) {
      const file = world.path("manifests/processed.jsonl", dataset);
      await mkdir(dirname(file), { recursive: true });
      await appendFile(file, text);
    },
    async pass(effects = {}) {
      current = effects;
      events = [];
      const made = { store: world.store(), settings: world.settings(), ...seam(), report };
      pass ??= await createPass(made);
      const { summary } = await pass({
        settles: true,
        isStopping: () => false,
        isOver: () => false,
        abort: new AbortController().signal,
      });
      return passed(summary, events);
    },
    db() {
      if (opened === undefined) {
        opened = openCache(world.settings().state);
        aside = opened.movedAside ?? aside;
        store = storeIn(opened.db, closeCache);
        const { db } = opened;
        if (metaOf(db, "bootId") === undefined) setMeta(db, "bootId", bootIdOf() ?? "");
      }
      return opened.db;
    },
    store() {
      world.db();
      return store as Store;
    },
    movedAside: () => aside,
    close() {
      void pass?.looks.close();
      if (opened !== undefined) closeCache(opened.db);
      opened = undefined;
      store = undefined;
      pass = undefined;
    },
    async samples(dataset) {
      const all = await filesBelow(world.path("samples", dataset));
      return all.filter((name) => !isRecords(name));
    },
    sample: (name, dataset) => readFile(world.path(join("samples", name), dataset)),
    async receipts(dataset) {
      const text = await readFile(world.path("samples/_receipts.jsonl", dataset), "utf8").catch(
        () => "",
      );
      const lines = text.split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    row: (raw) => world.rows().find((row) => row.raw === raw),
    rows: () => [...listEntries(world.db(), {})],
    snapshot: (directory = prefix) => snapshot(directory),
    async run(args, options) {
      world.close();
      return run([process.execPath, main, ...args], configPath, options);
    },
    async daemon(env = {}) {
      world.close();
      const daemon = await startDaemon(main, {
        ...environment(configPath),
        LOG_LEVEL: "debug",
        ...env,
      });
      daemons.push(daemon);
      return daemon;
    },
    async [Symbol.asyncDispose]() {
      for (const daemon of daemons) await daemon.end();
      world.close();
      // Directories are held until the next turn of the event loop.
      await setImmediate();
      const open = openBelow(root);
      await rm(root, { recursive: true, force: true });
      if (open.length > 0) throw new Error(`left open: ${open.join(", ")}`);
    },
  };
  await mkdir(world.path("bronze"), { recursive: true });
  await world.configure(config);
  return world;

  /** The real effects, but for those that the pass at hand replaces. */
  function seam(): Effects {
    const { runner, samples } = effectsHere(world.settings());
    return {
      runner: {
        run: (...args) => (current.run ?? runner.run)(...args),
        release: runner.release,
        wasClean: () => runner.wasClean(),
        takeEnded: () => (current.takeEnded ?? runner.takeEnded)(),
      },
      samples: {
        cleanUp: (...args) => (current.cleanUp ?? samples.cleanUp)(...args),
        addReceipts: (...args) => (current.addReceipts ?? samples.addReceipts)(...args),
        addFindings: (...args) => (current.addFindings ?? samples.addFindings)(...args),
        remove: (...args) => (current.remove ?? samples.remove)(...args),
        removeOthers: (...args) => (current.removeOthers ?? samples.removeOthers)(...args),
        checkRemovable: (...args) => (current.checkRemovable ?? samples.checkRemovable)(...args),
      },
    };
  }

  function report(event: PassEvent): void {
    events.push(event);
  }
}

/** Functions that a pass can be given in place of the real effects. */
type Replaced = Effects["runner"] & Effects["samples"];

/** `a,b` then `count` rows, a few bytes each. */
export function rows(count: number): string {
  return `id,name\n${Array.from({ length: count }, (_, i) => `${i},row ${i}\n`).join("")}`;
}

/** Matches the lines of progress, which are printed after some seconds, as on a busy machine. */
const PROGRESS = /^[\d,]+(?: of [\d,]+)? [a-z ]+(?:, [\d.,]+\/s)?(?:, [^\n]* left)?\n/gm;

/** Runs a program to its end; what it tells of its progress is left out. */
export async function run(
  [program = "", ...args]: readonly string[],
  config?: string,
  { env = {}, onStart }: RunOptions = {},
): Promise<Ran> {
  const base = config === undefined ? process.env : environment(config);
  const child = spawn(...endingWithUs(program, args), {
    env: { ...base, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onStart?.(child);
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  return { code, stdout: await stdout, stderr: (await stderr).replaceAll(PROGRESS, "") };
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function environment(config: string): Record<string, string> {
  return { ...surroundings, STAGING_SAMPLER_CONFIG: config };
}

function passed(summary: PassSummary, events: readonly PassEvent[]): Passed {
  const outcomes: Record<string, string> = {};
  const rejected: RejectedLine[] = [];
  let ingested: Ingested | undefined;
  for (const event of events) {
    if (event.type === "rejected") rejected.push(event.line);
    if (event.type === "paused") outcomes[event.where] = `paused: ${event.code}`;
    if (event.type === "error") outcomes[event.where] = `error: ${event.code}`;
    if (event.type === "ingested" && event.dataset === DATASET) ingested = event.ingested;
    if (event.type !== "settled") continue;
    const { claim, outcome } = event.settled;
    outcomes[claim.job.raw] = outcome.outcome === "failed" ? outcome.code : outcome.outcome;
  }
  return { summary, events, outcomes, rejected, ingested };
}

async function filesBelow(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = found.filter((entry) => !entry.isDirectory());
  return files.map((entry) => relative(directory, join(entry.parentPath, entry.name))).toSorted();
}

async function snapshot(directory: string): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>();
  const all = await readdir(directory, { recursive: true });
  for (const name of all.toSorted()) {
    const path = join(directory, name);
    const { mtimeNs, size, isFile } = await stat(path, { bigint: true }).then((stats) => ({
      mtimeNs: stats.mtimeNs,
      size: Number(stats.size),
      isFile: stats.isFile(),
    }));
    seen.set(name, { mtimeNs, size, text: isFile ? readFileSync(path, "latin1") : "" });
  }
  return seen;
}

/** Files below a directory that this process has open. */
function openBelow(directory: string): string[] {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return links.filter((link) => link.startsWith(`${directory}/`));
}
