import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { type Footprint, footprintOf } from "./soak/daemon.ts";
import { type Slopes, slopesOf } from "./soak/slope.ts";
import { startMeasured } from "./measured-daemon.ts";
import { ground, print } from "./pairs.ts";
import { cpuSecondsOf } from "./proc.ts";
import { announce, csvOf, makeDataset, writeFiles } from "./small-lake.ts";

const DATASETS = 1000;
const FILES_EACH = 3;
/** Minutes that are measured. */
const MINUTES = Number(process.env["IDLE_MINUTES"] ?? 10);
const MINUTE_MS = 60_000;
/** What the first passes leave to the garbage collector. */
const REST_MS = 20_000;
const LOOK_MS = 5000;
const MAX_SHARE = 0.005;
/** Ten minutes of it are the passes of ten hours. */
const EVERY_SECOND = { schedule: "* * * * * *" };
/** Less than 1 KB for each of sixty passes. */
const MAX_KB_PER_MINUTE = 50;
const MAX_DESCRIPTORS_PER_MINUTE = 0.1;

/** What a daemon took while it had nothing to do. */
interface Idled extends Slopes {
  /** Of one core. */
  readonly share: number;
}

/**
 * Daemons with many datasets and nothing to do: processor time of one with its usual schedule,
 * memory and descriptors of one with a pass each second. Garbage of ten usual passes waits for a
 * collection, and looks the same as growth.
 */
export async function bench(): Promise<boolean> {
  using place = ground();
  const [usual, often] = await Promise.all([
    idle(join(place.path, "usual"), {}),
    idle(join(place.path, "often"), EVERY_SECOND),
  ]);
  print(`idle with ${DATASETS} datasets, ${MINUTES} minutes; usual schedule: ${said(usual)}`);
  print(`a pass each second: ${said(often)}`);
  const isQuiet = usual.share < MAX_SHARE;
  const isFlat =
    often.rssKbPerMinute <= MAX_KB_PER_MINUTE &&
    often.descriptorsPerMinute <= MAX_DESCRIPTORS_PER_MINUTE;
  print(
    `wanted: < ${100 * MAX_SHARE} % of a core: ${verdict(isQuiet)}; with a pass each second ≤ ${MAX_KB_PER_MINUTE} KB and ≤ ${MAX_DESCRIPTORS_PER_MINUTE} descriptors a minute more: ${verdict(isFlat)}`,
  );
  return isQuiet && isFlat;
}

async function idle(prefix: string, settings: object): Promise<Idled> {
  for (let i = 0; i < DATASETS; i += 1) {
    const dataset = makeDataset(prefix, `acme/orders-${i}/v1`);
    writeFiles(dataset, 0, FILES_EACH, csvOf(4000));
    announce(dataset, 0, FILES_EACH);
  }
  const daemon = await startMeasured(prefix, settings);
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
  const share = (cpuSecondsOf(daemon.pid) - before) / seconds;
  await daemon.stop();
  return { ...slopesOf(footprints), share };
}

function said({ share, rssKbByMinute, rssKbPerMinute, descriptors, ...idled }: Idled): string {
  const mb = rssKbByMinute.map((rssKb) => (rssKb / 1000).toFixed(1)).join(" ");
  return `${(100 * share).toFixed(2)} % of a core; resident at most in each minute ${mb} MB, by regression ${rssKbPerMinute.toFixed(1)} KB a minute more; ${descriptors} descriptors, ${idled.descriptorsPerMinute.toFixed(2)} a minute more`;
}

function verdict(isReached: boolean): string {
  return isReached ? "reached" : "MISSED";
}
