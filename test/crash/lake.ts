import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { runProgram } from "../../src/cli/program.ts";
import { isRecords } from "../../src/samples/path.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const DATASETS = ["acme/orders/v1", "zeta/events/v2"] as const;
/** Directories of production, which the program never writes. */
const GIVEN = ["bronze", "manifests", "raw"] as const;
const BINARY = Buffer.from("0102030405067f80", "hex");
const ZIP = join(import.meta.dirname, "../../fixtures/zip/by-yazl.zip");
/** A bad last line is looked at again after this many ms. */
const SETTLE_MS = 10;
/** Of all bronze files, since it shows in metadata; seconds since epoch. */
const MTIME = 1_737_200_000;

/** A lake in a directory of its own. */
export interface Lake {
  readonly directory: string;
  /** Runs one pass in a process of its own, behind a command such as strace. */
  run(behind?: readonly string[]): SpawnSyncReturns<string>;
  /** Everything that has to be the same after any crash. */
  state(): Promise<unknown>;
  /** The same lake in another directory: not for two passes at once. */
  copy(): Lake;
  remove(): void;
}

/**
 * A lake that has had its first pass, with lines for the next one: new files, a newer version, a
 * sample that becomes metadata, one file that fails, and a line that is none.
 */
export function makeLake(): Lake {
  const lake = lakeIn(emptyDirectory());
  for (const dataset of DATASETS) {
    put(lake, dataset, "a.csv", "id\n1\n", 1);
    put(lake, dataset, "b.csv", "id\n2\n", 1);
    put(lake, dataset, "c.zip", "no zip", 1);
  }
  lake.run();
  for (const dataset of DATASETS) {
    put(lake, dataset, "a.csv", `id\n${"3\n".repeat(200)}`, 2);
    put(lake, dataset, "b.csv", BINARY, 2);
    put(lake, dataset, "d.jsonl", '{"d":1}\n', 1);
    put(lake, dataset, "e.zip", readFileSync(ZIP), 1);
    put(lake, dataset, "a.csv", `id\n${"4\n".repeat(200)}`, 3);
    appendFileSync(manifestOf(lake, dataset), "no entry\n");
  }
  return lake;
}

/**
 * Announces the versions after a crash: they need another name than those before them, or fail
 * where those did not, or the other way round. Not for copies: they share their manifests.
 */
export function goOn(lake: Lake): void {
  for (const dataset of DATASETS) {
    put(lake, dataset, "a.csv", BINARY, 4);
    put(lake, dataset, "b.csv", "id\n5\n", 3);
    put(lake, dataset, "c.zip", readFileSync(ZIP), 2);
    put(lake, dataset, "d.jsonl", BINARY, 2);
    put(lake, dataset, "e.zip", "no zip", 2);
  }
}

/**
 * The same for a lake whose raw files are sampled early. For the next pass there are lines that
 * confirm a sample, and that do not, new raw files, and one that nobody has announced and that is
 * gone.
 */
export function makeRawLake(): Lake {
  const lake = lakeIn(emptyDirectory(), { raw: { mode: "early" } });
  for (const dataset of DATASETS) {
    for (const name of ["a.csv", "b.csv", "c.csv", "gone.csv"])
      putRaw(lake, dataset, name, "id\n1\n");
    mkdirSync(join(lake.directory, "lake", dataset, "bronze"));
  }
  lake.run();
  for (const dataset of DATASETS) {
    const root = join(lake.directory, "lake", dataset);
    put(lake, dataset, "a.csv", "id\n1\n", MTIME);
    put(lake, dataset, "b.csv", "id\n2\n3\n", MTIME);
    for (const name of ["a.csv", "b.csv", "gone.csv"]) rmSync(join(root, "raw", name));
    putRaw(lake, dataset, "d.csv", "id\n4\n");
    putRaw(lake, dataset, "e.csv", BINARY);
    putRaw(lake, dataset, "f.zip", "no zip");
  }
  return lake;
}

function putRaw(
  { directory }: Lake,
  dataset: string,
  name: string,
  content: string | Uint8Array,
): void {
  const path = join(directory, "lake", dataset, "raw", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, MTIME, MTIME);
}

function emptyDirectory(): string {
  return mkdtempSync(join(tmpdir(), "sampler-crash-"));
}

function put(
  { directory }: Lake,
  dataset: string,
  name: string,
  content: string | Uint8Array,
  mtime: number,
): void {
  const root = join(directory, "lake", dataset);
  mkdirSync(join(root, "bronze"), { recursive: true });
  mkdirSync(join(root, "manifests"), { recursive: true });
  writeFileSync(join(root, "bronze", name), content);
  utimesSync(join(root, "bronze", name), MTIME, MTIME);
  const line = { raw: `raw/${name}`, bronze: `bronze/${name}`, mtime };
  appendFileSync(join(root, "manifests/processed.jsonl"), `${JSON.stringify(line)}\n`);
}

function manifestOf({ directory }: Lake, dataset: string): string {
  return join(directory, "lake", dataset, "manifests/processed.jsonl");
}

function lakeIn(directory: string, settings: object = {}): Lake {
  const prefix = join(directory, "lake");
  const config = join(directory, "config.yaml");
  writeFileSync(config, JSON.stringify({ prefix, manifest: { settleMs: SETTLE_MS }, ...settings }));

  return {
    directory,
    run(behind = []) {
      const command = [...behind, process.execPath, main, "run", "--once", "--config", config];
      const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
      return spawnSync(command[0] as string, command.slice(1), { encoding: "utf8", env });
    },
    async state() {
      const entries = await inspected("list", config);
      const audits = await inspected("audit", config);
      const earlier = new Set(
        entries.filter(isFailed).map(({ dataset, sample }) => `${dataset} ${sample}`),
      );
      return {
        entries: entries.map(comparable),
        audit: audits.map(({ dataset, counts }) => ({ dataset, counts })),
        samples: DATASETS.map((dataset) =>
          samplesOf(join(prefix, dataset, "samples"), (name) =>
            earlier.has(`${dataset} samples/${name}`),
          ),
        ),
        receipts: DATASETS.map((dataset) => lastReceipts(join(prefix, dataset, "samples"))),
      };
    },
    copy() {
      const copied = emptyDirectory();
      const isGiven = (path: string) => GIVEN.some((name) => path.endsWith(`/${name}`));
      cpSync(prefix, join(copied, "lake"), { recursive: true, filter: (path) => !isGiven(path) });
      for (const dataset of DATASETS) {
        for (const name of GIVEN)
          linkAll(join(prefix, dataset, name), join(copied, "lake", dataset, name));
      }
      return lakeIn(copied, settings);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/**
 * Gives every file a second name: a manifest is known by its inode, and a copy would be read again.
 */
function linkAll(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(to);
  for (const name of readdirSync(from)) linkSync(join(from, name), join(to, name));
}

/** The JSON that a command prints. In this process: it only looks, and starting one costs more. */
async function inspected(
  command: "list" | "audit",
  config: string,
): Promise<readonly Record<string, unknown>[]> {
  const pieces: string[] = [];
  const into = new Writable({
    decodeStrings: false,
    write(piece: string, _encoding, done) {
      pieces.push(piece);
      done();
    },
  }) as NodeJS.WriteStream;
  const exitNow = (code: number) => {
    throw new Error(`ended at once with ${code}`);
  };
  await runProgram([command, "--json", "--config", config], {
    out: into,
    err: process.stderr,
    env: {},
    exitNow,
  });
  return JSON.parse(pieces.join("")) as Record<string, unknown>[];
}

function isFailed({ outcome }: Record<string, unknown>): boolean {
  return outcome === "failed";
}

/** Without times; of a failure without the earlier sample, since versions may be skipped. */
function comparable(entry: Record<string, unknown>): object {
  const { dataset, raw, mtime, outcome, waiting, code } = entry;
  if (isFailed(entry)) return { dataset, raw, mtime, outcome, waiting, code };
  const goneAt = entry["goneAt"] === null ? null : "some time";
  return { ...entry, at: 0, nextAt: 0, attempts: 0, goneAt };
}

/** All files below `samples/` but those left out, temporary ones too, with what is in them. */
function samplesOf(samples: string, isLeftOut: (name: string) => boolean): Record<string, string> {
  const names = readdirSync(samples).filter((name) => !isRecords(name));
  const compared = names.filter((name) => !isLeftOut(name));
  return Object.fromEntries(
    compared.map((name) => [name, readFileSync(join(samples, name), "latin1")] as const),
  );
}

/** The last receipt of each raw. */
function lastReceipts(samples: string): Record<string, unknown> {
  const lines = readFileSync(join(samples, "_receipts.jsonl"), "utf8").trimEnd().split("\n");
  const receipts = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return Object.fromEntries(
    receipts.map(({ raw, mtime, outcome, sample, code }) => [
      String(raw),
      { mtime, outcome, sample, code },
    ]),
  );
}
