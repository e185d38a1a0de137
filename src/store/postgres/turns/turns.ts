import { setTimeout as sleep } from "node:timers/promises";
import { createDeadlines } from "../../../lib/deadlines.ts";
import { createSerial } from "../../../lib/serial.ts";
import type { TurnFigures, Turns } from "../../turns.ts";
import { CHANNEL, connect, type Db, listen, type Sql } from "../connect.ts";
import { isAway, isConflict } from "../errors.ts";
import { noteEnd, noteLife } from "../hosts.ts";
import { metaOf, setMeta } from "../meta.ts";
import { type Boss, startBoss, type Turn } from "./boss.ts";
import { LANES, laneOf } from "./lanes.ts";

/** The turns of a working host, as the rest of the database's store sees them. */
export interface OpenTurns extends Turns {
  /** Lanes whose work may be taken, and the number of the turn of each. */
  held(): ReadonlyMap<number, number>;
  /**
   * Those of these numbers whose turns are still ours. Within a transaction they stay so until it
   * ends: nobody else settles what is in their lanes.
   */
  keep(sql: Sql, numbers: Iterable<number>): Promise<ReadonlySet<number>>;
  /** The number of the turn that a dataset is in; undefined where it is another host's. */
  ofDataset(dataset: string): number | undefined;
  /** Notes that files were settled. */
  settled(files: number): void;
  /** Notes that outcomes came after the end of their turns. */
  late(outcomes: number): void;
  /** Notes the age of the oldest of the entries that were claimed, ms; 0 where there were none. */
  claimed(lagMs: number): void;
  /** True while other hosts work on the database, too. */
  hasCompany(): boolean;
  /** Gives all turns back, and ends. */
  close(): Promise<void>;
}

/** A turn that this host has. */
interface Held extends Turn {
  readonly nr: number;
  /** By the clock that nobody sets, ms. */
  readonly takenAt: number;
}

/** Time between two signs of life, ms. pg-boss looks for dead holders no sooner than after a second. */
const BEAT_MS = 1100;
/** Time after a sign of life in which samples may be published, ns: the server waits 3 s longer. */
const PUBLISH_NS = 7_000_000_000n;
/** Age at which a turn is given back, ms: pg-boss would end it after 24 hours. */
const OLD_MS = 12 * 3_600_000;
/** Signs of life after which a host with company looks for work that it was not told of. */
const LOOK_BEATS = 5;
/** Signs of life in a minute. */
const MINUTE_BEATS = Math.round(60_000 / BEAT_MS);
/** Difference of clocks below which they count as equal, ms. */
const LEAST_SKEW_MS = 1000;
/** Turns with a number of their own, before the first one is used again. */
const NUMBERS = 1024;
/** Longest time in which turns are given back at the end, ms. */
const CLOSE_MS = 3000;

/**
 * Takes this host's share of the turns, and keeps them until `close`. Signs of life have connections
 * of their own: they wait for no question of `store`.
 */
export async function openTurns(url: string, host: number, store: Db): Promise<OpenTurns> {
  const db = connect(url);
  const boss = await startBoss(db);
  const turns = createTurns(db, { boss, host, store });
  // The state directory's lock is ours: the process that had these is gone.
  await boss.free(JSON.parse((await metaOf(db, "turns", host)) ?? "[]") as Turn[]);
  const ear = await listen(url, CHANNEL, turns.tell);
  await turns.beat();
  const timer = setInterval(() => void turns.beat(), BEAT_MS);
  return {
    ...turns,
    async close() {
      clearInterval(timer);
      // What a database that is away does not take back, it takes itself, after a while.
      const given = turns.end().catch(() => undefined);
      await Promise.race([given, sleep(CLOSE_MS, undefined, { ref: false })]);
      await Promise.all([ear.close(), boss.stop()]);
      await db.close();
    },
  };
}

/** The parts that a host's turns use. */
interface Parts {
  readonly boss: Boss;
  readonly host: number;
  /** The other connections of this host. */
  readonly store: Db;
}

function createTurns(db: Db, { boss, host, store }: Parts) {
  const deadlines = createDeadlines(NUMBERS);
  const serially = createSerial();
  const byLane = new Map<number, Held>();
  const byNumber = new Map<number, Held>();
  let last = 0;
  let hosts = 1;
  let isNews = false;
  let isBeating = false;
  let beats = 0;
  let aheadMs = 0;
  let lagMs = 0;
  const counts = { taken: 0, givenBack: 0, lost: 0, late: 0 };
  const perBeat = [0];
  let remembered = "";
  let fault: unknown;
  let tell = () => {};

  const share = () => Math.ceil(LANES / hosts);
  const isOver = () => byLane.size > share() || [...byLane.values()].some(isOld);

  return {
    deadlines: deadlines.memory,
    watch: (onWork: () => void) => void (tell = onWork),
    tell: () => tell(),
    hasCompany: () => hosts > 1,
    skewMs: () => (Math.abs(aheadMs) < LEAST_SKEW_MS ? 0 : aheadMs),
    late: (outcomes: number) => void (counts.late += outcomes),
    claimed: (ms: number) => void (lagMs = ms),
    figures: (): TurnFigures => ({
      ...counts,
      held: byLane.size,
      hosts,
      statements: db.statements() + store.statements(),
      lagMs,
      aheadMs,
    }),
    settled: (files: number) => void (perBeat[perBeat.length - 1] = (perBeat.at(-1) ?? 0) + files),
    held: () =>
      new Map([...byLane].flatMap(([lane, { nr }]) => (deadlines.isPast(nr) ? [] : [[lane, nr]]))),
    ofDataset: (dataset: string) => byLane.get(laneOf(dataset))?.nr,
    hasDataset: (dataset: string) => byLane.has(laneOf(dataset)),
    async beat() {
      if (isBeating) return;
      isBeating = true;
      await serially(beat).catch((error: unknown) => {
        // A database that is away is noticed by the lock. What was in the way is over by the next beat.
        if (!isAway(error) && !isConflict(error)) fault = error;
      });
      isBeating = false;
    },
    balance: () => serially(balance),
    end: () =>
      serially(async () => {
        await giveBack([...byLane.values()]);
        await noteEnd(db, host);
      }),
    async keep(sql: Sql, numbers: Iterable<number>) {
      const asked = [...new Set(numbers)].flatMap((nr) => byNumber.get(nr) ?? []);
      const kept = await boss.hold(asked, sql);
      return new Set(kept.map(({ nr }) => nr));
    },
  };

  /** Gives a sign of life, and takes what is free of this host's share. */
  async function beat(): Promise<void> {
    const before = process.hrtime.bigint();
    const ours = [...byLane.values()];
    const kept = new Set(await boss.touch(ours));
    for (const turn of ours) {
      if (kept.has(turn)) {
        // Nothing was taken in it since its deadline.
        isNews ||= deadlines.isPast(turn.nr);
        deadlines.set(turn.nr, before + PUBLISH_NS);
      } else {
        drop(turn);
        counts.lost += 1;
      }
    }
    perBeat.push(0);
    if (perBeat.length > MINUTE_BEATS) perBeat.shift();
    if (await note()) await boss.supervise();
    if (byLane.size < share() && (await take(share() - byLane.size))) await note();
    await remember();
    beats += 1;
    if (isOver() || isNews || (hosts > 1 && beats % LOOK_BEATS === 0)) tell();
  }

  /** Notes what this host does, and how many do; returns true for the first of them. */
  async function note(): Promise<boolean> {
    const lastMinute = perBeat.reduce((sum, files) => sum + files, 0);
    const seen = await noteLife(db, host, { lanes: byLane.size, lastMinute });
    ({ aheadMs, hosts } = seen);
    return seen.isFirst;
  }

  /** Remembers the turns, for the next process of this host. */
  async function remember(): Promise<void> {
    const all = [...byLane.values()].map(({ id, retryCount, lane }) => ({ id, retryCount, lane }));
    const text = JSON.stringify(all);
    if (text !== remembered) await setMeta(db, "turns", text, host);
    remembered = text;
  }

  /** Takes turns that nobody has; returns true when there were any. */
  async function take(count: number): Promise<boolean> {
    const before = process.hrtime.bigint();
    const taken = await boss.take(count);
    for (const turn of taken) {
      last = (last + 1) % NUMBERS;
      const held = { ...turn, nr: last, takenAt: performance.now() };
      byLane.set(turn.lane, held);
      byNumber.set(held.nr, held);
      deadlines.set(held.nr, before + PUBLISH_NS);
      counts.taken += 1;
      isNews = true;
    }
    return taken.length > 0;
  }

  async function balance(): Promise<boolean> {
    const found = fault ?? boss.fault();
    fault = undefined;
    if (found !== undefined) throw found;
    const all = [...byLane.values()];
    const old = all.filter(isOld);
    const young = all.filter((turn) => !isOld(turn));
    await giveBack([...old, ...young.slice(share())]);
    const wasNews = isNews;
    isNews = false;
    return wasNews;
  }

  async function giveBack(given: readonly Held[]): Promise<void> {
    if (given.length === 0) return;
    // First: whatever the database says, nothing is done in them any more.
    for (const turn of given) drop(turn);
    counts.givenBack += given.length;
    await boss.giveBack(given);
  }

  function drop(turn: Held): void {
    deadlines.set(turn.nr, 0n);
    byLane.delete(turn.lane);
    byNumber.delete(turn.nr);
  }

  function isOld({ takenAt }: Held): boolean {
    return performance.now() - takenAt > OLD_MS;
  }
}
