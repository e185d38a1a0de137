import type { Entry } from "../../../src/manifest/types.ts";
import { changesOf, joinNames } from "../../../src/raw/names.ts";
import type { Claim } from "../../../src/store/drain-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { allOf } from "../../helpers/all-of.ts";
import {
  checkpointOf,
  DATASETS,
  datasetOf,
  DIRECTORIES,
  entryOf,
  expectedIn,
  fileOf,
  filterOf,
  namesFor,
  rawOf,
  receiptOf,
  rejectedOf,
  settledAs,
} from "./lake.ts";
import { answers } from "./questions.ts";
import { BEGIN, type Settling, type Step } from "./steps.ts";

/** The part of a step that has one name. */
type Of<Name extends Step["do"]> = Extract<Step, { readonly do: Name }>;

/** Does steps with one store, and knows what was claimed there and is in work. */
export interface Player {
  /** Returns all that the store said. */
  take(step: Step): Promise<unknown>;
}

/** Begins to play with a store that knows nothing. */
export function createPlayer(store: Store): Player {
  const { ingest, drain, raw, upkeep, changes, drift } = store;
  let now = BEGIN;
  let claims: readonly Claim[] = [];
  const key = ({ job }: Claim) => `${job.dataset} ${job.raw}`;

  /** Some of what is in work, from one on; each raw once. */
  function someClaims(first: number, count: number): readonly Claim[] {
    const at = claims.length === 0 ? 0 : first % claims.length;
    const some = claims.slice(at, at + count);
    return [...new Map(some.map((claim) => [key(claim), claim])).values()];
  }

  function letGo(some: readonly Claim[]): void {
    claims = claims.filter((claim) => !some.includes(claim));
  }

  const players: { readonly [Name in Step["do"]]: (step: Of<Name>) => Promise<unknown> } = {
    async accept({ dataset, lines }) {
      const name = await known(dataset);
      const entries = lines.map((line): Entry => entryOf(line));
      const batch = { dataset: name, entries, rejected: [], checkpoints: [] };
      return ingest.accept({ ...batch, expectedFor: expectedIn(name) }, now);
    },
    async announce({ dataset, later }) {
      const name = await known(dataset);
      const found = await allOf(store.queries.entries({ hasDataset: (each) => each === name }));
      const entries = found.flatMap(({ raw: one, mtime, confirmed }) =>
        confirmed ? [] : [{ raw: one, bronze: `bronze/${one}`, mtime: mtime + later }],
      );
      const batch = { dataset: name, entries, rejected: [], checkpoints: [] };
      return ingest.accept({ ...batch, expectedFor: expectedIn(name) }, now);
    },
    async reject({ dataset, lines }) {
      const name = await known(dataset);
      const rejected = lines.map(rejectedOf);
      const batch = { dataset: name, entries: [], rejected, checkpoints: [checkpointOf(9, null)] };
      return ingest.accept({ ...batch, expectedFor: expectedIn(name) }, now);
    },
    async checkpoint({ dataset, how, file }) {
      const name = await known(dataset);
      const checkpoint = checkpointOf(file, how === "retire" ? now : null);
      if (how === "remove") await ingest.removeCheckpoint(name, String(file));
      else if (how === "replace") await ingest.replaceCheckpoints(name, [checkpoint]);
      else if (how === "together") await ingest.putTogether(name, checkpoint);
      else await ingest.saveCheckpoints(name, [checkpoint]);
      return [await ingest.togetherUpTo(name), await ingest.checkpoints(name)];
    },
    async readAgain({ dataset, ends }) {
      const name = await known(dataset);
      return ends ? ingest.endRejected(name) : ingest.forgetRejected(name);
    },
    async claim({ limit, newest, skip }) {
      const inWork = new Set(claims.map(key));
      const found = await drain.claim({
        limit,
        isFirst: true,
        order: newest ? "newest" : "oldest",
        now,
        skips: (dataset) => dataset === DATASETS[skip],
        isBusy: (dataset, name) => inWork.has(`${dataset} ${name}`),
        busyCount: (dataset) => claims.filter(({ job }) => job.dataset === dataset).length,
      });
      claims = [...claims, ...found];
      return found;
    },
    async settle({ outcomes }) {
      const some = someClaims(0, outcomes.length);
      letGo(some);
      const settled = some.map((claim, i) => settledAs(claim, outcomes[i] as Settling, now));
      return drain.settle(settled, now);
    },
    die: async () => void (claims = []),
    async rename({ claim, name }) {
      const [one] = someClaims(claim, 1);
      if (one === undefined) return undefined;
      const extension = [".bin", ".txt", ".json", ".BIN"][name] as string;
      const names = namesFor(one.job.dataset, one.job.raw, extension);
      const renamed = await drain.rename(one, names, extension);
      const changed = { ...one, job: { ...one.job, name: renamed, extension } };
      claims = claims.map((each) => (each === one ? changed : each));
      return renamed;
    },
    async confirm({ claim, count }) {
      const some = someClaims(claim, count).filter(({ job }) => job.confirms !== undefined);
      letGo(some);
      return [some.length, await drain.confirm(some, now)];
    },
    async moved({ claim, count }) {
      const some = someClaims(claim, count).filter(({ job }) => job.inode !== undefined);
      letGo(some);
      return [some.length, await drain.moved(some, now)];
    },
    async postpone({ claim, ms }) {
      const some = someClaims(claim, 2).filter(({ job }) => job.inode !== undefined);
      letGo(some);
      return drain.postpone(
        some.map((each) => ({ claim: each, nextAt: now + ms })),
        now,
      );
    },
    retry: ({ code, withPruned }) => changes.retry({ ...filterOf(code), withPruned }, now),
    acknowledge: ({ code, isUndone }) =>
      changes.acknowledgeEntries({ ...filterOf(code), isUndone }),
    acknowledgeLines: ({ dataset, isUndone }) =>
      changes.acknowledgeLines(
        { hasDataset: (name) => name === datasetOf(dataset), isUndone },
        now,
      ),
    async makeDue({ dataset, raws }) {
      const each = [...new Set(raws.map(rawOf))];
      return changes.makeDue(datasetOf(dataset), each, now);
    },
    upgrade: ({ version, format }) =>
      changes.retryAfterUpgrade(
        { version: `${version}`, formats: ["csv", "json", "text"].slice(0, format + 1) },
        now,
      ),
    async clockBack({ ms }) {
      now -= ms;
      return drain.bringForward(now, { firstMs: 500, longestMs: 10_000 });
    },
    async prune({ dataset, count, fails }) {
      const name = datasetOf(dataset);
      const span = { after: { sampledAt: -1, raw: "" }, before: { sampledAt: now + 1, raw: "" } };
      const oldest = await upkeep.oldestSamples(name, span, count);
      const newest = await upkeep.newestSamples(name, span.before, count);
      const removed: string[] = [];
      const removal = await upkeep.prune(name, oldest, (sample) => {
        if (removed.length === fails) throw new Error("no");
        removed.push(sample);
      });
      return [oldest, newest, removed, removal.removed, String(removal.failure)];
    },
    async sync({ count, lost }) {
      const queue = await upkeep.unsynced(count);
      return [queue, await upkeep.finishSync(queue, queue.slice(0, lost), now)];
    },
    async forgetRaw({ dataset, raw: which }) {
      const name = datasetOf(dataset);
      const one = rawOf(which);
      const removed: string[] = [];
      const forgettable = await upkeep.forgettable(name, one);
      await upkeep.forgetRaw(name, one, { remove: (sample) => void removed.push(sample), now });
      return [forgettable, removed];
    },
    async forgetSome({ dataset }) {
      const removed: string[] = [];
      const count = await upkeep.forgetSome(
        datasetOf(dataset),
        (sample) => void removed.push(sample),
      );
      return [count, removed];
    },
    async forget({ dataset }) {
      const name = datasetOf(dataset);
      const forgettable = await upkeep.forgettable(name);
      const removed: string[] = [];
      while ((await upkeep.forgetSome(name, (sample) => void removed.push(sample))) > 0);
      await upkeep.forgetRest(name, now);
      return [forgettable, removed];
    },
    async mask({ dataset, mask, redoes }) {
      const name = datasetOf(dataset);
      const fingerprint = [null, "m1", "m2"][mask] ?? null;
      const redone = redoes ? await upkeep.redoOthers(name, fingerprint, now) : 0;
      await upkeep.setMask(name, fingerprint);
      return [redone, await upkeep.masks(), await upkeep.isMadeUnder(name, "a_sample.csv", "m1")];
    },
    async look({ dataset, files, ends }) {
      const name = await known(dataset);
      const path = DIRECTORIES[files.length % 2] as string;
      const listed = new Map(files.map(fileOf).map((file) => [file.name, file]));
      const [names, came] = [[...listed.keys()], [...listed.values()]];
      const { gone } = changesOf(await raw.namesIn(name, path), names);
      const directory = { path, state: `${now}`, listedAt: now };
      const directories = path === DIRECTORIES[0] ? [DIRECTORIES[1]] : [];
      const end = { directory, gone, directories, count: names.length, unnamed: 0 };
      const page = { path, came, ...(ends ? { end: { ...end, names: joinNames(names) } } : {}) };
      const batch = {
        dataset: name,
        pages: [page],
        quietSeconds: 1,
        expectedFor: expectedIn(name),
      };
      const taken = await raw.take(batch, now);
      return [gone, taken, await raw.directories(name), await raw.namesIn(name, path)];
    },
    async leave({ dataset }) {
      const name = datasetOf(dataset);
      await raw.removeDirectory(name, DIRECTORIES[0], now);
      return raw.directories(name);
    },
    async rebuild({ dataset, receipts }) {
      const name = await known(dataset);
      const rebuild = await ingest.rebuild(name);
      const half = Math.ceil(receipts.length / 2);
      await rebuild(receipts.slice(0, half).map(receiptOf));
      await rebuild(receipts.slice(half).map(receiptOf));
    },
    async series({ dataset, key: which, forgets }) {
      const name = await known(dataset);
      if (forgets) return drift.forgetSeries(name, `${which}`);
      const series = { versions: [], sizes: [which], isSmall: false };
      await drift.saveSeries(name, new Map([[`${which}`, series]]), { now, most: 3 });
      return drift.series(name, ["0", "1", "2"]);
    },
    wait: async ({ ms }) => void (now += ms),
    query: () => answers(store, now),
  };

  return {
    take: (step) => (players[step.do] as (step: Step) => Promise<unknown>)(step),
  };

  async function known(which: number): Promise<string> {
    const name = datasetOf(which);
    await ingest.know(name);
    return name;
  }
}
