import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openBucket } from "../src/storage/s3-bucket.ts";
import { type Rgw, startRgw, whyNoRgw } from "../test/helpers/rgw.ts";
import { createBucket, endpointAt, keyFileText } from "../test/helpers/s3-bucket.ts";
import { ENVIRONMENT, MAIN } from "./built.ts";
import { ground, groundInMemory, median, print } from "./pairs.ts";
import { cpuSecondsOfEnded } from "./proc.ts";
import { writeRandom } from "./random-file.ts";
import { type Rclone, rcloneFor } from "./rclone.ts";

const MB = 1e6;
const GIB = 2 ** 30;
const LARGE_BYTES = 2 * GIB;
const SMALL_BYTES = 500 * MB;
const FILES = 10_000;
const FILE_BYTES = 16_000;
const ROUNDS = 5;
/** Those of `stage upload`: three parts of 16 MiB are under way, or sixteen files. */
const PARTS_AT_ONCE = "3";
const FILES_AT_ONCE = "16";
const MAX_RSS = 160e6;
const MAX_GROWTH = 1.1;
/** Memory for the service's objects, bytes: removed ones stay for a while. */
const STORE_BYTES = 4 * LARGE_BYTES;
/** After that it has let go of what was removed, ms. */
const LET_GO_MS = 8000;
/** Memory that is needed beside that: the large file, what is fetched of it, and the small one. */
const ROOM_BYTES = 3 * LARGE_BYTES;
const BUCKET = "bench";

/** Uploads and downloads of a Ceph on loopback, beside rclone. All files are in memory, those of Ceph too. */
export async function bench(): Promise<boolean> {
  if (whyNoRgw !== undefined) {
    print(`nothing is measured: ${whyNoRgw}`);
    return true;
  }
  await using rgw = await startRgw({ mostBytes: STORE_BYTES });
  using place = groundInMemory(ROOM_BYTES) ?? ground();
  const [large, small] = [join(place.path, "large"), join(place.path, "small")];
  writeRandom(large, LARGE_BYTES);
  writeRandom(small, SMALL_BYTES);
  const tree = join(place.path, "tree");
  for (let i = 0; i < FILES; i += 1) {
    if (i % 1000 === 0) mkdirSync(join(tree, String(i / 1000)), { recursive: true });
    writeRandom(join(tree, String(Math.floor(i / 1000)), `file-${i}`), FILE_BYTES);
  }
  await createBucket(rgw, BUCKET);
  const rclone = rcloneFor(rgw);
  print(`files in ${place.path}; ${typeof rclone === "string" ? rclone : rclone.version}`);
  const subject = createSubject(rgw, place.path, rclone);
  const reached = [
    await besideRclone(subject, large),
    await memory(subject, [small, large]),
    await manyFiles(subject, tree),
  ];
  return reached.every(Boolean);
}

/** One run of a program. */
interface Ran {
  readonly seconds: number;
  /** Processor time of all its processes, seconds. */
  readonly cpuSeconds: number;
  readonly out: string;
  /** Resident memory at most, bytes; 0 where it does not say. */
  readonly rss: number;
}

/** The programs that are measured, and their store. */
interface Subject {
  /** `staging-sampler stage …`, as people start it. */
  ours(...args: readonly string[]): Ran;
  /** Undefined where there is none. */
  readonly rclone: ((...args: readonly string[]) => Ran) | undefined;
  /** Removes all that was sent. */
  empty(): Promise<void>;
  /** A path for what is fetched, with nothing there. */
  target(): string;
}

function createSubject(rgw: Rgw, root: string, rclone: Rclone | string): Subject {
  const keyFile = join(root, "keys.json");
  const config = join(root, "config.yaml");
  writeFileSync(keyFile, keyFileText(rgw.keys));
  const endpoint = endpointAt(rgw.url, keyFile);
  const regions = { here: { endpoint: "ceph", bucket: BUCKET } };
  writeFileSync(config, JSON.stringify({ endpoints: { ceph: endpoint }, regions }));
  const ours = [process.execPath, "--import", join(import.meta.dirname, "rss.js"), MAIN, "stage"];
  return {
    ours: (...args) => ran([...ours, ...args, "--config", config], ENVIRONMENT),
    rclone:
      typeof rclone === "string"
        ? undefined
        : (...args) => ran([...rclone.command, ...args], { ...ENVIRONMENT, ...rclone.env }),
    async empty() {
      const { signal } = new AbortController();
      const bucket = await openBucket({
        endpoint,
        name: BUCKET,
        retries: 8,
        stallMs: 30_000,
        signal,
      });
      for await (const page of bucket.list("")) await bucket.remove(page.map(({ key }) => key));
      await sleep(LET_GO_MS);
    },
    target() {
      const path = join(root, "got");
      rmSync(path, { recursive: true, force: true });
      return path;
    },
  };
}

function ran([program = "", ...args]: readonly string[], env: Record<string, string>): Ran {
  const before = cpuSecondsOfEnded();
  const started = performance.now();
  const done = spawnSync(program, args, { encoding: "utf8", env });
  const seconds = (performance.now() - started) / 1000;
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) throw new Error(`${program} ${args.join(" ")}: ${done.stderr}`);
  const rss = Number(/maxrss (\d+)/.exec(done.stderr)?.[1] ?? 0) * 1024;
  return { seconds, cpuSeconds: cpuSecondsOfEnded() - before, out: done.stdout, rss };
}

/** There and back, each in turn. */
async function besideRclone(subject: Subject, path: string): Promise<boolean> {
  const { ours, rclone } = subject;
  const rounds = { up: [] as Pair[], down: [] as Pair[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const theirs = rclone === undefined ? undefined : await thereAndBack(rclone);
    await subject.empty();
    const up = ours("upload", path, "--regions", "here");
    const id = up.out.trim();
    const down = ours("download", id, "--dest", subject.target());
    await subject.empty();
    rounds.up.push({ ours: up, theirs: theirs?.up });
    rounds.down.push({ ours: down, theirs: theirs?.down });
  }
  const isUp = verdict("upload of 2 GiB", LARGE_BYTES, rounds.up, { rate: 1.2, cpu: 0.5 });
  const isDown = verdict("the same, fetched and verified", LARGE_BYTES, rounds.down, { rate: 0.9 });
  return isUp && isDown;

  async function thereAndBack(rclone: NonNullable<Subject["rclone"]>) {
    const sizes = ["--s3-chunk-size", "16Mi", "--s3-upload-cutoff", "16Mi"];
    const parts = [...sizes, "--s3-upload-concurrency", PARTS_AT_ONCE];
    const up = rclone("copyto", path, `at:${BUCKET}/large`, ...parts);
    return { up, down: rclone("copyto", `at:${BUCKET}/large`, subject.target()) };
  }
}

interface Pair {
  readonly ours: Ran;
  readonly theirs: Ran | undefined;
}

/** Prints each pair and the medians of the ratios; false where one misses its bound. */
function verdict(
  name: string,
  bytes: number,
  pairs: readonly Pair[],
  { rate: leastRate, cpu: mostCpu }: { readonly rate: number; readonly cpu?: number },
): boolean {
  const said = ({ seconds, cpuSeconds }: Ran) =>
    `${(bytes / MB / seconds).toFixed(0)} MB/s, ${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of a processor`;
  const ratios: { rate: number; cpu: number }[] = [];
  for (const { ours, theirs } of pairs) {
    if (theirs !== undefined)
      ratios.push({
        rate: theirs.seconds / ours.seconds,
        cpu: ours.cpuSeconds / theirs.cpuSeconds,
      });
    print(
      `${name}: ours ${said(ours)}; rclone ${theirs === undefined ? "is not there" : said(theirs)}`,
    );
  }
  if (ratios.length === 0) return true;
  const rate = median(ratios.map((each) => each.rate));
  const cpu = median(ratios.map((each) => each.cpu));
  const isFine = rate >= leastRate && cpu <= (mostCpu ?? Infinity);
  const wanted = mostCpu === undefined ? "" : ` and ≤ ${mostCpu} of the processor time`;
  print(
    `${name}: median rate ${rate.toFixed(3)} of rclone's, processor time ${cpu.toFixed(3)}, wanted ≥ ${leastRate}${wanted}: ${isFine ? "reached" : "MISSED"}`,
  );
  return isFine;
}

async function memory(subject: Subject, paths: readonly [string, string]): Promise<boolean> {
  const peaks = { up: [[], []] as number[][], down: [[], []] as number[][] };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [i, path] of paths.entries()) {
      const up = subject.ours("upload", path, "--regions", "here");
      const down = subject.ours("download", up.out.trim(), "--dest", subject.target());
      peaks.up[i]?.push(up.rss);
      peaks.down[i]?.push(down.rss);
      await subject.empty();
    }
  return [
    memoryVerdict("upload", peaks.up.map(median)),
    memoryVerdict("download", peaks.down.map(median)),
  ].every(Boolean);
}

function memoryVerdict(name: string, [small = 0, large = 0]: readonly number[]): boolean {
  const growth = large / small;
  const isFine =
    Math.max(small, large) <= MAX_RSS && growth <= MAX_GROWTH && growth >= 1 / MAX_GROWTH;
  print(
    `${name}, resident at most, medians of ${ROUNDS}: 500 MB ${(small / MB).toFixed(0)} MB, 2 GiB ${(large / MB).toFixed(0)} MB (goal ≤ 100), wanted ≤ ${MAX_RSS / MB} and within 10 %: ${isFine ? "reached" : "MISSED"}`,
  );
  return isFine;
}

async function manyFiles(subject: Subject, path: string): Promise<boolean> {
  const { ours, rclone } = subject;
  const pairs: Pair[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const theirs = rclone?.("copy", path, `at:${BUCKET}/tree`, "--transfers", FILES_AT_ONCE);
    await subject.empty();
    pairs.push({ ours: ours("upload", path, "--regions", "here"), theirs });
    await subject.empty();
  }
  const name = `upload of ${FILES} files of 16 KB (at most 1.1 of its time)`;
  return verdict(name, FILES * FILE_BYTES, pairs, { rate: 1 / 1.1 });
}
