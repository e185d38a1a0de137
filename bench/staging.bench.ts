import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { FILE_BYTES, FILES, manyFiles } from "./many-files.ts";
import { compare, ground, groundInMemory, median, print, runProgram } from "./pairs.ts";
import { writeRandom } from "./random-file.ts";
import { download } from "./staging-download.ts";
import { serveFiles, type Served } from "./staging-server.ts";

const MB = 1e6;
const GIB = 2 ** 30;
const LARGE_BYTES = 2 * GIB;
const SMALL_BYTES = 500 * MB;
/** Memory that is needed, bytes: the large file, its copy, and the small files with room to spare. */
const ROOM_BYTES = 3 * LARGE_BYTES;
const MAX_RSS = 160e6;
const MAX_GROWTH = 1.1;
const ROUNDS = 5;

/** Downloads beside curl, gunzip and openssl: over loopback, from and to memory where there is room. */
export async function bench(): Promise<boolean> {
  using place = groundInMemory(ROOM_BYTES) ?? ground();
  const www = join(place.path, "www");
  mkdirSync(www, { mode: 0o755 });
  writeRandom(join(www, "large"), LARGE_BYTES);
  writeRandom(join(www, "small"), SMALL_BYTES);
  writeTable(join(www, "table.csv"), SMALL_BYTES);
  execFileSync("gzip", ["-6", join(www, "table.csv")]);
  for (let i = 0; i < FILES; i += 1) writeRandom(join(www, `file-${i}`), FILE_BYTES);
  using server = await serveFiles(www);
  print(`files in ${place.path}, served by ${server.name}`);
  const to = join(place.path, "out");
  const reached = [
    await besideCurl(server, to),
    await besideHashing(server, to),
    memory(server, to),
    await besideGunzip(server, to),
    memoryOverTls(server, to),
    await manyFiles(www, server, to),
  ];
  return reached.every(Boolean);
}

function besideCurl(server: Served, to: string): Promise<boolean> {
  return compare({
    name: "download of 2 GiB, hashed, beside curl (goal 0.73)",
    unit: "MB/s",
    atLeast: 0.55,
    rounds: ROUNDS,
    reference: () => rateOf(LARGE_BYTES, () => curl(server.url("large"), to)),
    ours: () => LARGE_BYTES / MB / (download(to, [server.url("large")]).ms / 1000),
  });
}

function besideHashing(server: Served, to: string): Promise<boolean> {
  return compare({
    name: "the same, beside curl && openssl dgst -sha256",
    unit: "MB/s",
    atLeast: 1,
    rounds: ROUNDS,
    reference: () =>
      rateOf(LARGE_BYTES, () => {
        curl(server.url("large"), to);
        execFileSync("openssl", ["dgst", "-sha256", to]);
      }),
    ours: () => LARGE_BYTES / MB / (download(to, [server.url("large")]).ms / 1000),
  });
}

function memory(server: Served, to: string): boolean {
  return isFlat("http", (file) => download(to, [server.url(file)]).rss);
}

/** As `stage get` is started; in eight streams, which TLS is slow enough for. */
function memoryOverTls({ secure }: Served, to: string): boolean {
  if (secure === undefined) {
    print("https is not measured: there is no nginx, or no openssl");
    return true;
  }
  const config = `${to}.yaml`;
  writeFileSync(config, `staging: { caFile: ${secure.caFile} }\n`);
  return isFlat("https, stage get", (file) => {
    const args = ["stage", "get", secure.url(file), "--force", "-o", to, "--config", config];
    return runProgram(args).rss;
  });
}

/** Prints the most memory of the two sizes, bytes. */
function isFlat(name: string, rss: (file: string) => number): boolean {
  const peak = (file: string) => median(Array.from({ length: ROUNDS }, () => rss(file)));
  const [small, large] = [peak("small"), peak("large")];
  const growth = large / small;
  const isFine =
    Math.max(small, large) <= MAX_RSS && growth <= MAX_GROWTH && growth >= 1 / MAX_GROWTH;
  print(
    `resident at most (${name}), medians of ${ROUNDS}: 500 MB ${(small / MB).toFixed(0)} MB, 2 GiB ${(large / MB).toFixed(0)} MB (goal ≤ 100), wanted ≤ ${MAX_RSS / MB} and within 10 %: ${isFine ? "reached" : "MISSED"}`,
  );
  return isFine;
}

function besideGunzip(server: Served, to: string): Promise<boolean> {
  const url = server.url("table.csv.gz");
  return compare({
    name: "500 MB unpacked on the way, beside curl | gunzip (at most 0.7 of its time)",
    unit: "MB/s",
    atLeast: 1 / 0.7,
    rounds: ROUNDS,
    reference: () =>
      rateOf(SMALL_BYTES, () => {
        execFileSync("sh", ["-c", 'curl -sS --fail "$1" | gunzip > "$2"', "sh", url, fresh(to)]);
      }),
    ours: () => SMALL_BYTES / MB / (download(to, [url], { decompress: true }).ms / 1000),
  });
}

function curl(url: string, to: string): void {
  execFileSync("curl", ["-sS", "--fail", "-o", fresh(to), url]);
}

/** MB a second. */
function rateOf(bytes: number, work: () => void): number {
  const started = performance.now();
  work();
  return bytes / MB / ((performance.now() - started) / 1000);
}

/** The path, and nothing there. */
function fresh(path: string): string {
  rmSync(path, { force: true });
  return path;
}

/** Lines of numbers and names, which gzip makes a third of. */
function writeTable(path: string, bytes: number): void {
  const fd = openSync(path, "w");
  for (let [line, left] = [0, bytes]; left > 0;) {
    const lines = Array.from({ length: 5000 }, () => {
      line += 1;
      return `${line},name ${line % 9973},${(line * 7919) % 1_000_003}\n`;
    });
    left -= writeSync(fd, lines.join(""));
  }
  closeSync(fd);
}
