import { setTimeout as sleep } from "node:timers/promises";
import { type Footprint, footprintOf } from "./soak/daemon.ts";
import { slopesOf } from "./soak/slope.ts";
import { startMeasured } from "./measured-daemon.ts";
import { ground, print } from "./pairs.ts";
import { cpuSecondsOf } from "./proc.ts";
import { announce, csvOf, makeDataset, writeFiles } from "./small-lake.ts";

const DATASETS = 1000;
const FILES_EACH = 3;
/** Minutes that are measured; a pass by schedule is in each. */
const MINUTES = Number(process.env["IDLE_MINUTES"] ?? 10);
const MINUTE_MS = 60_000;
/** Time for the garbage collector to collect the remains of the first passes, ms. */
const REST_MS = 20_000;
const LOOK_MS = 5000;
const MAX_SHARE = 0.005;
/** No leak: in a day this would be less than what the heap goes up and down between two looks. */
const MAX_KB_PER_MINUTE = 50;
const MAX_DESCRIPTORS_PER_MINUTE = 0.1;

/** A daemon with many datasets and nothing to do: processor time, memory, descriptors. */
export async function bench(): Promise<boolean> {
  using place = ground();
  for (let i = 0; i < DATASETS; i += 1) {
    const dataset = makeDataset(place.path, `acme/orders-${i}/v1`);
    writeFiles(dataset, 0, FILES_EACH, csvOf(4000));
    announce(dataset, 0, FILES_EACH);
  }
  const daemon = await startMeasured(place.path);
  await daemon.hasSampled(DATASETS * FILES_EACH);
  await daemon.hasSynced();
  await sleep(REST_MS);

  const footprints: Footprint[] = [];
  const [began, before] = [performance.now(), cpuSecondsOf(daemon.pid)];
  while (performance.now() - began < MINUTES * MINUTE_MS) {
    await sleep(LOOK_MS);
    const footprint = footprintOf(daemon.pid);
    if (footprint !== undefined) footprints.push(footprint);
  }
  const seconds = (performance.now() - began) / 1000;
  const used = cpuSecondsOf(daemon.pid) - before;
  await daemon.stop();

  const share = used / seconds;
  const slopes = slopesOf(footprints);
  print(
    `idle with ${DATASETS} datasets, ${seconds.toFixed(0)} s: ${used.toFixed(2)} s of processor time, ${(100 * share).toFixed(2)} % of a core, wanted < ${100 * MAX_SHARE} %: ${said(share < MAX_SHARE)}`,
  );
  const { rssKb, rssKbPerMinute, descriptors, descriptorsPerMinute } = slopes;
  const isFlat =
    rssKbPerMinute <= MAX_KB_PER_MINUTE && descriptorsPerMinute <= MAX_DESCRIPTORS_PER_MINUTE;
  print(
    `resident ${(rssKb / 1000).toFixed(0)} MB, ${rssKbPerMinute.toFixed(1)} KB a minute more (wanted ≤ ${MAX_KB_PER_MINUTE}); ${descriptors} descriptors, ${descriptorsPerMinute.toFixed(2)} a minute more (wanted ≤ ${MAX_DESCRIPTORS_PER_MINUTE}): ${said(isFlat)}`,
  );
  return share < MAX_SHARE && isFlat;
}

function said(reached: boolean): string {
  return reached ? "reached" : "MISSED";
}
