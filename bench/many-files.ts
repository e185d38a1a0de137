import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Comparison, compare, ground, runProgram } from "./pairs.ts";
import { download } from "./staging-download.ts";
import { serveSlowly, type Served } from "./staging-server.ts";

export const FILES = 1000;
export const FILE_BYTES = 16_000;
/** The wait before each answer, ms: a server in the same region. */
const LATENCY_MS = 5;
const AT_ONCE = 8;
const ROUNDS = 5;

/** Many small files beside curl: those in `files`, which are served; `to` is in the same memory. */
export async function manyFiles(files: string, server: Served, to: string): Promise<boolean> {
  using slow = await serveSlowly(files, LATENCY_MS);
  using disk = ground();
  const name = `${FILES} files of 16 KB, beside curl --parallel --parallel-max ${AT_ONCE}`;
  const slowly = `${name}, ${LATENCY_MS} ms before each answer`;
  const rows: readonly Pick<Comparison, "name" | "atLeast" | "ours" | "reference">[] = [
    {
      // Node's client alone takes twice as long as all of curl.
      name: `${name} (goal 0.67)`,
      atLeast: 0.15,
      ...pair(server, to),
    },
    { name: `${slowly} (goal 0.67)`, atLeast: 0.67, ...pair(slow, to) },
    {
      name: `${slowly}: stage in, with its start, store and run`,
      atLeast: 0.3,
      reference: () => filesPerS(() => curl(slow, to)),
      ours: () => filesPerS(() => stageIn(slow, to)),
    },
    {
      name: `${name} && sync -f, on a disk`,
      atLeast: 0.4,
      reference: () =>
        filesPerS(() => {
          curl(server, join(disk.path, "out"));
          execFileSync("sync", ["-f", disk.path]);
        }),
      ours: pair(server, join(disk.path, "out")).ours,
    },
  ];
  let reached = true;
  for (const row of rows)
    reached = (await compare({ ...row, unit: "files/s", rounds: ROUNDS })) && reached;
  return reached;
}

function pair(server: Served, to: string): Pick<Comparison, "ours" | "reference"> {
  return {
    reference: () => filesPerS(() => curl(server, to)),
    ours: () => FILES / (download(emptied(to), namesOf(server)).ms / 1000),
  };
}

function filesPerS(work: () => void): number {
  const started = performance.now();
  work();
  return FILES / ((performance.now() - started) / 1000);
}

function curl(server: Served, to: string): void {
  const directory = emptied(to);
  const list = `${to}.list`;
  const lines = namesOf(server).map((url, i) => `url = "${url}"\noutput = "${directory}.${i}"\n`);
  writeFileSync(list, lines.join(""));
  const parallel = ["--parallel", "--parallel-max", String(AT_ONCE)];
  execFileSync("curl", ["-sS", "--fail", ...parallel, "-K", list], { stdio: "ignore" });
}

function stageIn(server: Served, to: string): void {
  emptied(to);
  const [config, manifest, params] = ["yaml", "manifest.json", "params.json"].map(
    (name) => `${to}.${name}`,
  ) as [string, string, string];
  writeFileSync(config, `state: ${to}.d/state\nstaging: { transfers: ${AT_ONCE} }\n`);
  writeFileSync(manifest, JSON.stringify(namesOf(server)));
  writeFileSync(params, "{}");
  runProgram(["stage", "in", manifest, "--params", params, "--config", config]);
}

function namesOf(server: Served): string[] {
  return Array.from({ length: FILES }, (_, i) => server.url(`file-${i}`));
}

/** The beginning of paths in a directory that is empty now. */
function emptied(to: string): string {
  rmSync(`${to}.d`, { recursive: true, force: true });
  mkdirSync(`${to}.d`);
  return join(`${to}.d`, "file");
}
