import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Writable } from "node:stream";
import type { Context } from "../../src/cli/command.ts";
import { runProgram } from "../../src/cli/program.ts";
import { isRecords } from "../../src/samples/path.ts";
import { type Ran, run } from "../helpers/world.ts";
import { files } from "./files.ts";

/** The program, as a person starts it. */
export const program = join(import.meta.dirname, "../../src/main.ts");
/** The dataset whose files faults are put on. */
export const DATASET = "acme/orders/v1";
/** One that has nothing to do with them. */
export const OTHER = "zeta/events/v2";

const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

/** The JSON that a command printed, element by element. */
type Elements = readonly Record<string, unknown>[];

/** A lake in a directory of its own. */
export interface Lake {
  /** Holds everything. */
  readonly root: string;
  readonly prefix: string;
  /** A path below the dataset that faults are put on. */
  path(path: string): string;
  /** Writes a bronze file and announces it; `mtime` in seconds. */
  put(dataset: string, name: string, content: string | Uint8Array, mtime: number): void;
  /** One pass of the real program in a process of its own, behind a command such as strace. */
  pass(behind?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  /** Any command, in this process: the same code at a tenth of the cost. */
  command(...args: readonly string[]): Promise<Ran>;
  /** Runs a command with `--json`; returns its elements. */
  json(...args: readonly string[]): Promise<Elements>;
  /** All that is below the datasets' samples but receipts, temporary files too: path → content. */
  samples(): Readonly<Record<string, string>>;
  /** Everything that has to be the same after any fault is lifted and a pass came to its end. */
  state(): Promise<unknown>;
  remove(): void;
}

/** Makes one, empty. */
export function emptyLake(): Lake {
  const root = mkdtempSync(join(tmpdir(), "sampler-fault-"));
  const prefix = join(root, "lake");
  mkdirSync(prefix);

  const lake: Lake = {
    root,
    prefix,
    path: (path) => join(prefix, DATASET, path),
    put(dataset, name, content, mtime) {
      const directory = join(prefix, dataset);
      for (const each of ["bronze", "manifests"]) {
        mkdirSync(join(directory, each), { recursive: true });
      }
      writeFileSync(join(directory, "bronze", name), content);
      utimesSync(join(directory, "bronze", name), mtime, mtime);
      const line = { raw: `raw/${name}`, bronze: `bronze/${name}`, mtime };
      appendFileSync(join(directory, "manifests/processed.jsonl"), `${JSON.stringify(line)}\n`);
    },
    pass(behind = [], env = {}) {
      const command = [process.execPath, program, "run", "--once", "--json", "--prefix", prefix];
      const steady = { UV_THREADPOOL_SIZE: "1", NODE_NO_WARNINGS: "1" };
      return run([...behind, ...command], undefined, { env: { ...steady, ...env } });
    },
    async command(...args) {
      const [out, err] = [collector(), collector()];
      const context = { out: out.stream, err: err.stream, env: {}, exitNow } as unknown as Context;
      const code = await runProgram([...args, "--prefix", prefix], context);
      return { code, stdout: out.text(), stderr: err.text() };
    },
    async json(...args) {
      return JSON.parse((await lake.command(...args, "--json")).stdout) as Elements;
    },
    samples() {
      const found = [DATASET, OTHER].flatMap((dataset) => filesBelow(join(prefix, dataset)));
      return Object.fromEntries(
        found.map((path) => [relative(prefix, path), readFileSync(path, "latin1")]),
      );
    },
    async state() {
      const entries = await lake.json("list");
      const audited = await lake.json("audit");
      return {
        entries: entries.map((entry) => Object.assign(entry, { at: 0 })),
        audit: audited.map(({ dataset, counts }) => ({ dataset, counts })),
        samples: lake.samples(),
        receipts: [DATASET, OTHER].map((dataset) => lastReceipts(join(prefix, dataset))),
      };
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  return lake;
}

/**
 * A lake that has had its first pass, with lines for the next one: newer versions, new files of
 * every kind, one that gets another name by its content, and a line that is none.
 */
export async function makeLake(): Promise<Lake> {
  const lake = emptyLake();
  lake.put(DATASET, "a.csv", "id\n1\n", 1);
  lake.put(DATASET, "z.csv", "id\n2\n", 1);
  lake.put(OTHER, "a.csv", "id\n3\n", 1);
  const { code, stderr } = await lake.command("run", "--once");
  if (code !== 0) throw new Error(`the first pass ended with ${code}: ${stderr}`);
  for (const [name, content] of Object.entries(files)) lake.put(DATASET, name, content, 2);
  appendFileSync(lake.path("manifests/processed.jsonl"), "no entry\n");
  lake.put(DATASET, "z.csv", PNG, 2);
  lake.put(OTHER, "a.csv", "id\n4\n", 2);
  return lake;
}

function exitNow(code: number): void {
  throw new Error(`ended with ${code}`);
}

function collector(): { readonly stream: Writable; readonly text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

function filesBelow(dataset: string): string[] {
  if (!existsSync(join(dataset, "samples"))) return [];
  const all = readdirSync(join(dataset, "samples"), { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile() && !isRecords(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The last receipt of each raw; every line has to be whole. */
function lastReceipts(dataset: string): Record<string, unknown> {
  const text = readFileSync(join(dataset, "samples/_receipts.jsonl"), "utf8");
  const receipts = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return Object.fromEntries(
    receipts.map(({ raw, mtime, outcome, sample, code }) => [
      String(raw),
      { mtime, outcome, sample, code },
    ]),
  );
}
