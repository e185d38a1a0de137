import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { type Kernel, readText } from "./cgroup.ts";
import { known } from "./gate.ts";

/** Makes work give way to others who wait for a disk. */
export interface Pace {
  /** To be awaited before each piece of work. At once, as long as nobody else waits for a disk. */
  turn(): Promise<void>;
}

/** A look at the others takes a pause: what we wait for ourselves cannot be told from it. */
const PAUSE_MS = 25;
/** So much of a pause is left to what we have in flight. */
const QUIET_MS = 5;
/** Between two looks, as long as others wait for nothing. */
const ALONE_MS = 1000;
/** While they do, we work for a fraction of the time: what is handed over at once takes about 16 ms. */
const SHARED_MS = 10;
const REST_MS = 590;
/** So many pauses in a row have to be quiet before we are taken to be alone again. */
const QUIET_PAUSES = 3;

/**
 * Makes one for `load.maxIo`; without it nothing ever waits. Measured is the time in which at least
 * one process of the machine waits for a disk ("some" pressure), while we pause.
 * Source: kernel.org, accounting/psi.
 * @throws Failure CONFIG_INVALID where the limit is set and the kernel does not tell
 */
export function createPace({ maxIo }: Settings["load"], { proc }: Kernel): Pace {
  if (maxIo === undefined) return { turn: () => Promise.resolve() };
  const path = join(proc, "pressure/io");
  const waitedMs = () => known("maxIo", someOf(readText(path))) / 1000;
  waitedMs();
  let workUntil = performance.now();
  let quietPauses = QUIET_PAUSES;
  let pause: Promise<void> | undefined;

  return {
    turn() {
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

/** Microseconds for which some process waited, since the machine was started. */
function someOf(text: string | undefined): number | undefined {
  const found = /^some .* total=(\d+)$/m.exec(text ?? "");
  return found === null ? undefined : Number(found[1]);
}
