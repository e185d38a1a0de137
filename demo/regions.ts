/**
 * Files to regions: Ceph's S3 at two addresses, which are regions of one service. An upload is killed in the
 * middle and gone on with; another machine lists it, fetches it, and says what it costs.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { startRgw, whyNoRgw } from "../test/helpers/rgw.ts";
import { createBucket, keyFileText } from "../test/helpers/s3-bucket.ts";

const root = join(import.meta.dirname, "..");
const place = join(root, ".demo/regions");
const sampler = join(root, "dist/main.js");
const BYTES = 40_000_000;
/** Bytes a second of the upload that is killed. */
const SLOW = 10_000_000;
const KILL_MS = 2000;

if (whyNoRgw !== undefined)
  say(`Files to regions need a store: ${whyNoRgw} (.ci/run installs it).`);
else await demo();

async function demo(): Promise<void> {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const data = join(place, "reference.bin");
  writeFileSync(data, randomFillSync(Buffer.alloc(BYTES)));
  await using rgw = await startRgw();
  await createBucket(rgw, "staging-us-east-1");
  await createBucket({ ...rgw, url: rgw.second }, "staging-us-west-2");
  const keyFile = join(place, "keys.json");
  writeFileSync(keyFile, keyFileText(rgw.keys), { mode: 0o600 });
  const configure = (machine: string, staging: object = {}) => {
    const at = { region: rgw.region, credentials: { keyFile } };
    const endpoints = { east: { ...at, url: rgw.url.href }, west: { ...at, url: rgw.second.href } };
    const regions = { "us-east-1": { endpoint: "east" }, "us-west-2": { endpoint: "west" } };
    const config = { state: join(place, machine), endpoints, regions, staging };
    writeFileSync(join(place, `${machine}.yaml`), JSON.stringify(config));
  };
  configure("here", { bytesPerSecond: SLOW, partBytes: 5_242_880 });
  configure("there");

  say(
    "A file goes to two regions, and the upload is killed in the middle (`stage upload`, kill -9):",
  );
  await run("here", ["upload", data, "--regions", "us-east-1,us-west-2"], killLater);
  const [{ staging_id: id }] = JSON.parse(await run("here", ["list", "--json"]));
  await shown("here", "list");
  say(
    "It is gone on with from the parts that the store has, and copied by the store (`stage resume`):",
  );
  await shown("here", "resume", id);
  say("Another machine knows it by what the buckets say, and fetches it from its own region:");
  await shown("there", "info", id);
  const copy = join(place, "elsewhere.bin");
  await shown("there", "download", id, "--region", "us-west-2", "--dest", copy);
  const isSame = readFileSync(copy).equals(readFileSync(data));
  print(isSame ? "the same bytes" : "OTHER BYTES");
  if (!isSame) process.exitCode = 1;
  say("What it cost and saved, also once it is deleted:");
  await shown("there", "delete", id, "--yes");
  await shown("there", "cost");
}

/** Runs a command of a machine. @throws Error where it fails */
async function run(
  machine: string,
  [name = "", ...args]: readonly string[],
  onStart: (child: ChildProcess) => void = () => undefined,
): Promise<string> {
  const options = ["stage", name, "--config", join(place, `${machine}.yaml`), ...args];
  const child = spawn(process.execPath, [sampler, ...options], { cwd: place });
  onStart(child);
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (child.exitCode !== 0 && child.signalCode === null) throw new Error(err);
  return out;
}

/** Kills an upload once a part of it is there. */
function killLater(child: ChildProcess): void {
  child.stderr?.on("data", (chunk: Buffer) => {
    if (chunk.toString().includes(": to us-east-1"))
      setTimeout(() => child.kill("SIGKILL"), KILL_MS);
  });
}

async function shown(machine: string, ...args: readonly string[]): Promise<void> {
  print(`$ staging-sampler stage ${args.join(" ")}`);
  print((await run(machine, args)).trimEnd());
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function say(text: string): void {
  print(`\n${text}\n`);
}
