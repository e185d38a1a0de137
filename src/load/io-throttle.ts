import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { type Kernel, readText } from "./cgroup.ts";
import { known } from "./admission.ts";

/** Makes work give way to others who wait for a disk. */
export interface IoThrottle {
  /**
   * Waits before a piece of work, if others wait for a disk; otherwise it resolves at once. To be
   * awaited before each piece.
   */
  waitForTurn(): Promise<void>;
}

/** Length of a pause in which the pressure of other processes is measured, ms; our own I/O would count too. */
const PAUSE_MS = 25;
/** The first part of a pause, ms: our own work in flight ends in it. */
const QUIET_MS = 5;
/** Time between two pauses while nobody else waits, ms. */
const ALONE_MS = 1000;
/**
 * Times of work and of rest, in turn, while others wait, ms: we work for a fraction of the time.
 * The work that is handed over at once takes about 16 ms.
 */
const SHARED_MS = 10;
const REST_MS = 590;
/** Quiet pauses in a row before we count as alone again. */
const QUIET_PAUSES = 3;

/**
 * Creates a throttle for `load.maxIo`; without it nothing ever waits. It measures, while we pause,
 * the time in which at least one process of the machine waits for a disk ("some" pressure). Source:
 * kernel.org, accounting/psi.
 * @throws Failure CONFIG_INVALID where the limit is set and the kernel does not tell
 */
export function createIoThrottle({ maxIo }: Settings["load"], { proc }: Kernel): IoThrottle {
  if (maxIo === undefined) return { waitForTurn: () => Promise.resolve() };
  const path = join(proc, "pressure/io");
  const waitedMs = () => known("maxIo", someOf(readText(path))) / 1000;
  waitedMs();
  let workUntil = performance.now();
  let quietPauses = QUIET_PAUSES;
  let pause: Promise<void> | undefined;

  return {
    waitForTurn() {
      if (pause === undefined && performance.now() < workUntil) return Promise.resolve();
      pause ??= rest().finally(() => (pause = undefined));
      return pause;
    },
  };

  async function rest(): Promise<void> {
    await sleep(QUIET_MS);
    const [began, before] = [performance.now(), waitedMs()];
    await sleep((isAlone() ? PAUSE_MS : REST_MS) - QUIET_MS);
    const percent = (100 * (waitedMs() - before)) / (performance.now() - began);
    quietPauses = percent > (maxIo as number) ? 0 : quietPauses + 1;
    workUntil = performance.now() + (isAlone() ? ALONE_MS : SHARED_MS);
  }

  function isAlone(): boolean {
    return quietPauses >= QUIET_PAUSES;
  }
}

/** Microseconds that some process has waited since the machine was started. */
function someOf(text: string | undefined): number | undefined {
  const found = /^some .* total=(\d+)$/m.exec(text ?? "");
  return found === null ? undefined : Number(found[1]);
}
