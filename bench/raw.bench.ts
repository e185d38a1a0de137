import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, opendirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LEAN_FLAGS, LEAN_MALLOC } from "../src/system/memory-flags.ts";
import { ENVIRONMENT } from "./built.ts";
import { ground, print } from "./pairs.ts";

/** A tenth of it tells little: `RAW_FILES=100000 npm run bench -- raw`. */
const FILES = Number(process.env["RAW_FILES"] ?? 1_000_000);
const DIRECTORIES = 1000;
/** Names that ext4 gives one file. */
const LINKS = 60_000;
const MAX_IDLE_S = 0.05;
const MAX_FIRST_S = 1;
/** Processor time that a look at all names may take, as a multiple of reading them in a bare loop. */
const MAX_RATIO = 1.6;
const MAX_BYTES = 200 * 1024 ** 2;
/** A directory that changed a moment ago is listed again. */
const SETTLED_MS = 2500;
const program = join(import.meta.dirname, "raw-look.js");

/** The output of `raw-look.js`. */
interface Look {
  readonly listed: number;
  readonly due: number;
  readonly unchanged: number;
  readonly cpuSeconds: number;
  readonly maxBytes: number;
}

/** Looks at a million raw files in a thousand directories: all of them new, all known, none changed. */
export async function bench(): Promise<boolean> {
  using place = ground();
  const lake = join(place.path, "lake");
  makeTree(join(lake, "acme/orders/v1"));
  mkdirSync(join(lake, "acme/empty/v1/raw"), { recursive: true });
  const state = join(place.path, "state");
  const config = join(place.path, "config.json");
  const configure = (raw: object) =>
    writeFileSync(config, JSON.stringify({ prefix: lake, state, raw: { mode: "only", ...raw } }));
  await sleep(SETTLED_MS);

  configure({});
  const [fresh] = looksOf(config, 1);
  print(`all new: ${textOf(fresh)}, with a stat and a row for each`);
  // A process that begins, and lists all there is, whatever its times say.
  configure({ relistSeconds: 0.001 });
  const [known] = looksOf(config, 1);
  const bare = bareSeconds(join(lake, "acme/orders/v1/raw"));
  const ratio = known.cpuSeconds / bare;
  const isFirst = known.cpuSeconds <= MAX_FIRST_S || ratio <= MAX_RATIO;
  const isSmall = known.maxBytes <= MAX_BYTES;
  print(
    `all listed, all known: ${textOf(known)}, wanted ≤ ${MAX_FIRST_S} s and ≤ ${mb(MAX_BYTES)}; a bare loop over the names ${bare.toFixed(2)} s, ratio ${ratio.toFixed(2)}, wanted ≤ ${MAX_RATIO} where that is slow: ${said(isFirst && isSmall)}`,
  );
  configure({});
  const [, idle] = looksOf(config, 2);
  const isIdle = idle.listed === 0 && idle.cpuSeconds <= MAX_IDLE_S;
  print(`nothing new: ${textOf(idle)}, wanted ≤ ${MAX_IDLE_S} s: ${said(isIdle)}`);
  return isFirst && isSmall && isIdle && fresh.due === FILES;
}

function makeTree(dataset: string): void {
  let source = "";
  let made = 0;
  for (let d = 0; d < DIRECTORIES; d += 1) {
    const directory = join(dataset, "raw", `d${String(d).padStart(4, "0")}`);
    mkdirSync(directory, { recursive: true });
    for (let i = 0; i < FILES / DIRECTORIES; i += 1) {
      if (made % LINKS === 0) {
        source = join(dataset, `source-${made}.csv`);
        writeFileSync(source, "id\n1\n");
      }
      linkSync(source, join(directory, `orders-2026-01-18-${String(made).padStart(7, "0")}.csv`));
      made += 1;
    }
  }
}

function looksOf(config: string, count: number): readonly [Look, Look] {
  const command = [...LEAN_FLAGS, program, config, String(count)];
  const env = { ...ENVIRONMENT, ...LEAN_MALLOC };
  const out = execFileSync(process.execPath, command, { encoding: "utf8", env });
  const looks = out.trim().split("\n");
  return looks.map((line) => JSON.parse(line) as Look) as [Look, Look];
}

/** Processor time of reading all names and nothing else, seconds. */
function bareSeconds(raw: string): number {
  const before = process.cpuUsage();
  let names = 0;
  for (let d = 0; d < DIRECTORIES; d += 1) {
    const open = opendirSync(join(raw, `d${String(d).padStart(4, "0")}`), { bufferSize: 1024 });
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) names += 1;
    open.closeSync();
  }
  const { user, system } = process.cpuUsage(before);
  if (names !== FILES) throw new Error(`${names} names`);
  return (user + system) / 1e6;
}

function textOf({ listed, due, cpuSeconds, maxBytes }: Look): string {
  return `${listed} directories listed, ${due} files due, ${cpuSeconds.toFixed(3)} s of processor time, ${mb(maxBytes)} resident at most`;
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

function said(reached: boolean): string {
  return reached ? "reached" : "MISSED";
}
