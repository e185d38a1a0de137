import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { allBodies } from "./all-formats.ts";
import { startMeasured } from "./measured-daemon.ts";
import { makeDataset } from "./small-lake.ts";
import { type Footprint, footprintOf } from "./soak/daemon.ts";
import { type Slopes, slopesOf } from "./soak/slope.ts";

const DATASETS = 10;
const FILES_PER_S = 25;
const SECOND_MS = 1000;
const pages = ["/", "/healthz", "/metrics"];

/**
 * Work as it comes in all day: `FILES_PER_S` files of all formats in turn, watched, with the page on
 * and looked at each second. Says how the daemon's memory went on.
 */
export async function steadyWork(prefix: string, seconds: number): Promise<Slopes> {
  const pool = join(prefix, "pool");
  mkdirSync(pool, { recursive: true });
  const bodies = await allBodies(prefix);
  for (const [extension, body] of Object.entries(bodies))
    writeFileSync(join(pool, extension), body);
  const extensions = Object.keys(bodies);
  const datasets = Array.from({ length: DATASETS }, (_, i) =>
    makeDataset(prefix, `acme/orders-${i}/v1`),
  );
  const socket = join(prefix, "http.sock");
  const daemon = await startMeasured(prefix, { http: { listen: socket } });
  const footprints: Footprint[] = [];
  const began = performance.now();
  let files = 0;
  for (let second = 1; second <= seconds; second += 1) {
    for (; files < second * FILES_PER_S; files += 1) {
      const extension = extensions[files % extensions.length] as string;
      addFile(
        datasets[files % DATASETS] as string,
        join(pool, extension),
        `f${files}.${extension}`,
      );
    }
    await look(socket, pages[second % pages.length] as string);
    await sleep(Math.max(0, began + second * SECOND_MS - performance.now()));
    const footprint = footprintOf(daemon.pid);
    if (footprint !== undefined) footprints.push(footprint);
  }
  await daemon.hasSampled(files);
  await daemon.stop();
  return slopesOf(footprints);
}

function addFile(dataset: string, body: string, name: string): void {
  const bronze = `bronze/${name}`;
  copyFileSync(body, join(dataset, bronze));
  const line = JSON.stringify({ raw: `raw/${name}`, bronze, mtime: Date.now() / 1000 });
  appendFileSync(join(dataset, "manifests/processed.jsonl"), `${line}\n`);
}

/** Asks the page for something; one that is not there yet is no fault. */
function look(socketPath: string, path: string): Promise<void> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path }, (answer) => {
      answer.resume().on("close", resolve);
    });
    asked.on("error", () => resolve()).end();
  });
}
