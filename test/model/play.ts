import { createContract, type Looked } from "./contract.ts";
import { bothDisks, expectSame, imaginedDisk, inodeOf, realDisk, ACTIVE } from "./disk.ts";
import { createLake, type Place } from "./lake.ts";
import { createProducer } from "./producer.ts";
import type { Sequence, Step } from "./steps.ts";

/** Counts for the line that is printed. */
export interface Tally {
  sequences: number;
  steps: number;
  looks: number;
  kills: number;
  rereads: number;
  reusedInodes: number;
}

/** Nothing done yet. */
export function emptyTally(): Tally {
  return { sequences: 0, steps: 0, looks: 0, kills: 0, rereads: 0, reusedInodes: 0 };
}

/** Looks that have to be enough for every doubt and every bad last line. */
const PATIENCE = 20;

/**
 * Plays one sequence against real files and a real cache, and has every look checked; at the end
 * everything has to settle. @throws Error of the contract
 */
export async function play({ naming, steps }: Sequence, place: Place, tally: Tally): Promise<void> {
  const { settleMs } = place.settings.manifest;
  const lake = createLake(place);
  let now = 1_700_000_000_000;
  const imagined = imaginedDisk(() => now);
  const producer = createProducer({
    disk: bothDisks(imagined, realDisk(lake.directory)),
    imagined,
    naming,
    inode: () => inodeOf(lake.directory, ACTIVE),
    onReuse: (isReused) => (tally.reusedInodes += isReused ? 1 : 0),
  });
  const contract = createContract(imagined, settleMs, producer.arrivalOf);

  try {
    for (const step of steps) await take(step);
    await settle();
    expectSame(imagined, lake.directory);
  } finally {
    await lake.close();
  }
  tally.sequences += 1;
  tally.steps += steps.length;

  async function take(step: Step): Promise<void> {
    if (step.do === "pass") await pass(step.ms, step.drains, step.turns);
    else if (step.do === "kill") {
      now += 1;
      check(await lake.killedLook(now, step.drains, step.after));
    } else if (step.do === "settle") await settle();
    else if (step.do === "restart") await lake.restart();
    else if (step.do === "wait") now += step.minutes * 60_000;
    else if (step.do === "unmounted") {
      now += 1;
      check(await lake.blindLook(now));
    } else await producer.produce(step, async () => void (await pass(settleMs, true)));
  }

  async function pass(ms: number, drains: boolean, turns: number | null = null): Promise<boolean> {
    now += ms;
    const looked = await lake.look(now, drains, turns ?? Infinity);
    check(looked);
    return looked.isSettled;
  }

  async function settle(): Promise<void> {
    let looks = 0;
    while (!(await pass(settleMs, true))) {
      looks += 1;
      if (looks === PATIENCE) throw new Error(`not settled after ${PATIENCE} looks`);
    }
    // Nothing was appended, so nothing is left to do.
    const again = await lake.look(now, true, Infinity);
    check(again);
    const waiting = [...again.rows].filter(([, { isDone }]) => !isDone);
    if (again.jobs.length + waiting.length > 0)
      throw new Error(`not done: ${JSON.stringify(waiting)}`);
  }

  function check(looked: Looked): void {
    tally.looks += 1;
    tally.kills += looked.isKilled ? 1 : 0;
    tally.rereads += looked.reread === "yes" ? 1 : 0;
    contract.check(looked);
  }
}
