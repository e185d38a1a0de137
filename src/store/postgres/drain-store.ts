import type { Claim, DrainStore } from "../drain-store.ts";
import { createSerial } from "../../lib/serial.ts";
import { claimOf } from "./claim.ts";
import type { Db } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { bringForward, nextRetry } from "./due.ts";
import { rename } from "./names.ts";
import { type SettleFound, settleFoundOf } from "./settle-found.ts";
import { createPlaces } from "./places.ts";
import { settle } from "./settle.ts";
import type { Worker } from "./worker.ts";
import { splitByTurn } from "./turns/in-turn.ts";

/** Time for which outcomes are gathered, ms; and where the database has to do for several hosts. */
const BATCH_MS = 200;
const SHARED_BATCH_MS = 1000;

/** Drain's part of a database, for one who works with it. */
export function drainStore(db: Db, worker: Worker): DrainStore {
  const datasets = datasetsOf(db);
  const { turns } = worker;
  const places = createPlaces();
  const claim = claimOf(db, turns, places);
  // What claims see as due and not in work has to be of one moment.
  const serially = createSerial();
  const ofClaims = (claims: readonly Claim[]) => claims.map((each) => ({ claim: each }));
  // Hosts whose clocks differ agree on that of the database.
  const ahead = () => turns?.skewMs() ?? 0;
  const there = (time: number) => time - ahead();
  return {
    claim: (options) => serially(() => claim({ ...options, now: there(options.now) })),
    batchMs: () => (turns?.hasCompany() === true ? SHARED_BATCH_MS : BATCH_MS),
    rename: async ({ job: { dataset, raw } }, names, extension) =>
      rename(db, await datasets.idOf(dataset), { raw, names, extension }),
    settle: (settled, now) =>
      serially(async () => {
        await settle(db, { datasets, ...worker }, settled.map(nextThere), there(now));
        places.ended(settled.map(claimIn));
        turns?.settled(settled.length);
      }),
    confirm: (claims, now) =>
      ending(ofClaims(claims), (found, kept) => found.confirm(kept.map(claimIn), there(now))),
    moved: (claims, now) =>
      ending(ofClaims(claims), (found, kept) => found.moved(kept.map(claimIn), there(now))),
    postpone: (postponed, now) =>
      ending(postponed, (found, kept) => found.postpone(kept.map(nextThere), there(now))),
    async nextRetry(now) {
      const next = await nextRetry(db, there(now));
      return next === undefined ? undefined : next + ahead();
    },
    bringForward: (now, backOff) => bringForward(db, there(now), backOff),
  };

  function nextThere<T extends { readonly nextAt: number | null }>(each: T): T {
    return ahead() === 0 || each.nextAt === null ? each : { ...each, nextAt: there(each.nextAt) };
  }

  /** Ends those whose turns are still ours. */
  function ending<T extends { readonly claim: Claim }>(
    all: readonly T[],
    end: (found: SettleFound, kept: readonly T[]) => Promise<void>,
  ): Promise<void> {
    return serially(() =>
      db.transaction(async (sql) => {
        const [kept] = await splitByTurn(sql, turns, all);
        await end(settleFoundOf(sql, datasets), kept);
        places.ended(kept.map(claimIn));
      }),
    );
  }
}

function claimIn({ claim }: { readonly claim: Claim }): Claim {
  return claim;
}
