import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const main = join(import.meta.dirname, "../../src/main.ts");
const DATASETS = ["acme/orders/v1", "zeta/events/v2"] as const;

/** How strace follows all threads, quietly. */
export const STRACE_FLAGS = ["-f", "-qq"] as const;

/** A lake in a directory of its own. */
export interface Lake {
  readonly directory: string;
  /** Runs one pass, behind a command such as strace. */
  run(behind?: readonly string[]): SpawnSyncReturns<string>;
  /** Everything that has to be the same after any crash. */
  state(): unknown;
  remove(): void;
}

/**
 * A lake that has had its first pass, with lines for the next one: new files, a newer version, a
 * sample that becomes metadata, one file that fails, and a line that is none.
 */
export function makeLake(): Lake {
  const lake = lakeIn(mkdtempSync(join(tmpdir(), "sampler-crash-")));
  for (const dataset of DATASETS) {
    put(lake, dataset, "a.csv", "id\n1\n", 1);
    put(lake, dataset, "b.csv", "id\n2\n", 1);
    put(lake, dataset, "c.zip", "no zip", 1);
  }
  lake.run();
  for (const dataset of DATASETS) {
    put(lake, dataset, "a.csv", `id\n${"3\n".repeat(200)}`, 2);
    put(lake, dataset, "b.csv", Buffer.from("00ff017f8081feff", "hex"), 2);
    put(lake, dataset, "d.jsonl", '{"d":1}\n', 1);
    put(lake, dataset, "a.csv", `id\n${"4\n".repeat(200)}`, 3);
    appendFileSync(manifestOf(lake, dataset), "no entry\n");
  }
  return lake;
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
  const line = { raw: `raw/${name}`, bronze: `bronze/${name}`, mtime };
  appendFileSync(join(root, "manifests/processed.jsonl"), `${JSON.stringify(line)}\n`);
}

function manifestOf({ directory }: Lake, dataset: string): string {
  return join(directory, "lake", dataset, "manifests/processed.jsonl");
}

function lakeIn(directory: string): Lake {
  const prefix = join(directory, "lake");

  function program(
    args: readonly string[],
    behind: readonly string[] = [],
  ): SpawnSyncReturns<string> {
    const command = [...behind, process.execPath, main, ...args, "--prefix", prefix];
    const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
    return spawnSync(command[0] as string, command.slice(1), { encoding: "utf8", env });
  }

  function json(args: readonly string[]): Record<string, unknown>[] {
    return JSON.parse(program([...args, "--json"]).stdout) as Record<string, unknown>[];
  }

  return {
    directory,
    run: (behind) => program(["run", "--once"], behind),
    state: () => ({
      entries: json(["list"]).map((entry) =>
        Object.assign(entry, { at: 0, nextAt: 0, attempts: 0 }),
      ),
      audit: json(["audit"]).map(({ dataset, counts }) => ({ dataset, counts })),
      samples: DATASETS.map((dataset) => samplesOf(join(prefix, dataset, "samples"))),
      receipts: DATASETS.map((dataset) => lastReceipts(join(prefix, dataset, "samples"))),
    }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** All files below `samples/`, temporary ones too, with what is in them. */
function samplesOf(samples: string): Record<string, string> {
  const names = readdirSync(samples).filter((name) => !name.startsWith("_receipts"));
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(samples, name), "latin1")] as const),
  );
}

/** What the last receipt of each raw says. */
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
