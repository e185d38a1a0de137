import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { listEntries } from "../../src/store/sqlite/queries/list.ts";
import { closeCache, type Db, openCache } from "../../src/store/sqlite/open.ts";
import type { Settings } from "../../src/config/settings.ts";
import { drain } from "../../src/sampling/drain/drain.ts";
import { createBudget } from "../../src/load/budget.ts";
import { thisKernel } from "../../src/load/cgroup.ts";
import { createIoThrottle } from "../../src/load/io-throttle.ts";
import { expectTrueTotals } from "../helpers/totals.ts";
import { createIngest, type Ingest, type Ingested } from "../../src/sampling/ingest/ingest.ts";
import { UNREAD } from "../../src/sampling/ingest/steps.ts";
import type { RunJob } from "../../src/job.ts";
import type { RejectedLine } from "../../src/manifest/types.ts";
import { SAMPLED } from "../helpers/sampled.ts";
import type { Looked, Row } from "./contract.ts";
import { storeIn } from "../../src/store/sqlite/store.ts";

/** One dataset with a cache of its own, driven in this process. */
export interface Lake {
  /** The manifests directory. */
  readonly directory: string;
  /**
   * Looks at the manifest, in this many turns of one step; then, if asked for, samples everything
   * that is due.
   */
  look(now: number, drains: boolean, turns: number): Promise<Looked>;
  /** The same, stopped for good before its `after`-th effect; then everything is opened again. */
  killedLook(now: number, drains: boolean, after: number): Promise<Looked>;
  /** A look while the directory is not there. */
  blindLook(now: number): Promise<Looked>;
  /** Closes the cache and forgets everything else. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** The place of a lake. */
export interface Place {
  readonly settings: Settings;
  /** `vendor/dataset/version`. */
  readonly dataset: string;
  /** Directory of its cache. */
  readonly state: string;
}

/** Every row that is written to the cache is an effect that a kill can come before. */
const WRITES = [
  "INSERT ON checkpoints",
  "DELETE ON checkpoints",
  "INSERT ON files",
  "UPDATE ON files",
  "INSERT ON rejected",
  "DELETE ON rejected",
  "INSERT ON facts",
  "INSERT ON together",
  "DELETE ON together",
];

/** Makes an empty one. Sampling itself is left out: every job succeeds at once. */
export function createLake({ settings, dataset, state }: Place): Lake {
  const directory = join(settings.prefix, dataset, "manifests");
  mkdirSync(directory, { recursive: true });
  let db = openCache(state).db;
  let rejected: RejectedLine[] = [];
  let jobs: Looked["jobs"][number][] = [];
  let left = Infinity;
  let ingest = started();

  return {
    directory,
    look,
    async killedLook(now, drains, after) {
      left = after;
      interruptWrites(db, effect);
      const looked = await look(now, drains, Infinity).catch((error: unknown) => error);
      const isKilled = left < 0;
      left = Infinity;
      await restart();
      if (!isKilled && looked instanceof Error) throw looked;
      if (!isKilled) return looked as Looked;
      return { ...seen(now), isSettled: false, isLeft: false, reread: "unknown", isKilled };
    },
    async blindLook(now) {
      renameSync(directory, `${directory}.away`);
      try {
        await look(now, false, Infinity);
      } catch {
        // That it cannot be read is an error, and no answer.
      } finally {
        renameSync(`${directory}.away`, directory);
      }
      return { ...seen(now), isSettled: false, isLeft: false, reread: "no", isKilled: false };
    },
    restart,
    async close() {
      expectTrueTotals(db);
      await ingest.close();
      db.close();
    },
  };

  function started(): Ingest {
    return createIngest({
      store: storeIn(db, closeCache).ingest,
      settings,
      // Some are compared together, some as they come.
      isScattered: async (_look, _segment, { checkpoint }) => checkpoint.line % 2 === 0,
      async onRejected(_dataset, lines) {
        effect();
        rejected.push(...lines);
        effect();
      },
    });
  }

  async function restart(): Promise<void> {
    await ingest.close();
    db.close();
    db = openCache(state).db;
    ingest = started();
  }

  async function look(now: number, drains: boolean, turns: number): Promise<Looked> {
    rejected = [];
    jobs = [];
    const isStopping = () => {
      effect();
      return false;
    };
    const turn = { isStopping, isOver: () => true };
    const taken: Ingested[] = [await ingest(dataset, now, turn)];
    while (taken.length < turns && taken.at(-1)?.isLeft === true)
      taken.push(await ingest(dataset, now, turn));
    if (drains) await sampleAll(now);
    const { unsettledUntil, isLeft = false } = taken.at(-1) as Ingested;
    const reread = rereadOf(taken);
    const isSettled = unsettledUntil === undefined && !isLeft;
    return { ...seen(now), isSettled, isLeft, reread, isKilled: false };
  }

  async function sampleAll(now: number): Promise<void> {
    const run: RunJob = async ({ raw, mtime }) => {
      effect();
      jobs.push({ raw, mtime });
      return SAMPLED;
    };
    await drain({
      store: storeIn(db, closeCache),
      settings,
      runner: { run, wasClean: () => true, takeEnded: () => [], release: () => undefined },
      samples: {
        cleanUp: async () => 0,
        addReceipts: async () => void effect(),
        addFindings: async () => undefined,
        remove: () => undefined,
        removeOthers: async () => 0,
        checkRemovable: () => undefined,
      },
      budget: createBudget(undefined, () => now),
      ioThrottle: createIoThrottle({}, thisKernel),
      mayBeSampled: () => true,
      clock: () => now,
      isOver: () => false,
      abort: new AbortController().signal,
      onSettled: () => undefined,
      onFound: () => undefined,
      onPaused: async () => undefined,
      onLeft: () => undefined,
    });
  }

  function seen(now: number): Pick<Looked, "now" | "rejected" | "jobs" | "rows"> {
    return { now, rejected, jobs, rows: rowsOf(db, dataset) };
  }

  /** Once it has thrown it goes on doing so: a killed process does nothing any more. */
  function effect(): number {
    left -= 1;
    if (left < 0) throw new Error("killed");
    return 0;
  }
}

/** The cache's rows of the raws of a dataset. */
export function rowsOf(db: Db, dataset: string): Map<string, Row> {
  const all = [...listEntries(db, {})].filter((row) => row.dataset === dataset);
  return new Map(
    all.map(({ raw, mtime, outcome, waiting, stale }) => [
      raw,
      { mtime, isDone: outcome === "sampled" && !waiting && !stale },
    ]),
  );
}

function interruptWrites(db: Db, effect: () => number): void {
  db.function("effect", effect);
  for (const [i, write] of WRITES.entries()) {
    db.exec(`CREATE TEMP TRIGGER effect_${i} BEFORE ${write} BEGIN SELECT effect(); END`);
  }
}

function rereadOf(taken: readonly Ingested[]): Looked["reread"] {
  const [reason, ...others] = taken.flatMap(({ reread }) => reread ?? []);
  // A turn that brings nothing and leaves something may have found a file renamed: all of it is begun
  // again then, and what was bad in it is told once more.
  const isBegunAgain = taken.some(({ isLeft, lines, due }) => isLeft === true && lines + due === 0);
  // One that was left may be about to; and a look that ends in another one may do so twice.
  if (others.length > 0 || isBegunAgain || (reason === undefined && taken.at(-1)?.isLeft === true))
    return "unknown";
  if (reason === undefined) return "no";
  return reason === UNREAD ? "unread" : "yes";
}
