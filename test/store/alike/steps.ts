import fc from "fast-check";

/** A dataset, a raw, or one of what was claimed before, by number: the remainder of a division counts. */
export type Which = number;

/** Time at which a sequence begins, ms since epoch. */
export const BEGIN = 1_700_000_000_000;

/** Something that is done to both stores. Plain data, to be printed. */
export type Step =
  | { readonly do: "accept"; readonly dataset: Which; readonly lines: readonly Line[] }
  | { readonly do: "announce"; readonly dataset: Which; readonly later: number }
  | { readonly do: "reject"; readonly dataset: Which; readonly lines: readonly Which[] }
  | { readonly do: "checkpoint"; readonly dataset: Which; readonly how: How; readonly file: Which }
  | { readonly do: "readAgain"; readonly dataset: Which; readonly ends: boolean }
  | { readonly do: "claim"; readonly limit: number; readonly newest: boolean; readonly skip: Which }
  | { readonly do: "settle"; readonly outcomes: readonly Settling[] }
  | { readonly do: "die" }
  | { readonly do: "rename"; readonly claim: Which; readonly name: Which }
  | { readonly do: "confirm" | "moved"; readonly claim: Which; readonly count: number }
  | { readonly do: "postpone"; readonly claim: Which; readonly ms: number }
  | { readonly do: "retry"; readonly code: Which; readonly withPruned: boolean }
  | { readonly do: "acknowledge"; readonly code: Which; readonly isUndone: boolean }
  | { readonly do: "acknowledgeLines"; readonly dataset: Which; readonly isUndone: boolean }
  | { readonly do: "makeDue"; readonly dataset: Which; readonly raws: readonly Which[] }
  | { readonly do: "upgrade"; readonly version: Which; readonly format: Which }
  | { readonly do: "clockBack"; readonly ms: number }
  | {
      readonly do: "prune";
      readonly dataset: Which;
      readonly count: number;
      readonly fails: number;
    }
  | { readonly do: "sync"; readonly count: number; readonly lost: number }
  | { readonly do: "forgetRaw"; readonly dataset: Which; readonly raw: Which }
  | { readonly do: "forgetSome" | "forget"; readonly dataset: Which }
  | { readonly do: "mask"; readonly dataset: Which; readonly mask: Which; readonly redoes: boolean }
  | {
      readonly do: "look";
      readonly dataset: Which;
      readonly files: readonly Line[];
      readonly ends: boolean;
    }
  | { readonly do: "leave"; readonly dataset: Which }
  | { readonly do: "rebuild"; readonly dataset: Which; readonly receipts: readonly Receipt[] }
  | {
      readonly do: "series";
      readonly dataset: Which;
      readonly key: Which;
      readonly forgets: boolean;
    }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "query" };

/** A way to change checkpoints. */
type How = "save" | "retire" | "replace" | "remove" | "together";

/** A raw and its version. */
export interface Line {
  readonly raw: Which;
  readonly mtime: number;
}

/** An outcome of the oldest claim that has none. */
export interface Settling {
  readonly as: "sampled" | "described" | "masked" | "again" | "dead";
  readonly verdict: Which;
}

/** A receipt of a cache that was lost. */
export interface Receipt extends Line {
  readonly as: "sampled" | "pruned" | "failed" | "forgotten" | "all forgotten";
  readonly name: Which;
  readonly settledAt: number;
}

const which = fc.nat(999);
/** Most of what happens is to one dataset, and to few of its raws. */
const dataset = fc.constantFrom(0, 0, 0, 0, 1, 2);
const raw = fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, { weight: 2, arbitrary: which });
const mtime = fc.constantFrom(1, 1, 1, 1, 2, 2.5);
const line: fc.Arbitrary<Line> = fc.record({ raw, mtime });
const lines = fc.array(line, { minLength: 1, maxLength: 8 });
const flag = fc.boolean();
const how = fc.constantFrom<How>("save", "retire", "replace", "remove", "together");
const as = fc.constantFrom<Settling["as"]>(
  "sampled",
  "sampled",
  "described",
  "masked",
  "again",
  "dead",
);
const receipt: fc.Arbitrary<Receipt> = fc.record({
  raw,
  mtime,
  as: fc.constantFrom<Receipt["as"]>(
    "sampled",
    "sampled",
    "pruned",
    "failed",
    "forgotten",
    "all forgotten",
  ),
  name: which,
  settledAt: fc.nat(30),
});
const ms = fc.constantFrom(0, 1, 1000, 60_000);

function step<T extends string, R>(
  name: T,
  rest: { [K in keyof R]: fc.Arbitrary<R[K]> },
): fc.Arbitrary<{ readonly do: T } & R> {
  return fc.record({ do: fc.constant(name), ...rest }) as unknown as fc.Arbitrary<
    { readonly do: T } & R
  >;
}

const outcomes = fc.array(fc.record({ as, verdict: which }), { minLength: 1, maxLength: 16 });

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: step("accept", { dataset, lines }) },
  {
    weight: 2,
    arbitrary: step("reject", {
      dataset,
      lines: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: step("checkpoint", { dataset, how, file: fc.nat(3) }) },
  { weight: 1, arbitrary: step("readAgain", { dataset, ends: flag }) },
  {
    weight: 12,
    arbitrary: step("claim", {
      limit: fc.integer({ min: 1, max: 40 }),
      newest: flag,
      skip: fc.nat(9),
    }),
  },
  { weight: 12, arbitrary: step("settle", { outcomes }) },
  { weight: 3, arbitrary: step("rename", { claim: which, name: fc.nat(3) }) },
  { weight: 5, arbitrary: step("announce", { dataset, later: fc.constantFrom(0, 0, 1) }) },
  { weight: 5, arbitrary: step("confirm", { claim: which, count: fc.nat(20) }) },
  { weight: 2, arbitrary: step("moved", { claim: which, count: fc.nat(4) }) },
  { weight: 2, arbitrary: step("postpone", { claim: which, ms }) },
  { weight: 4, arbitrary: step("retry", { code: which, withPruned: flag }) },
  { weight: 4, arbitrary: step("acknowledge", { code: which, isUndone: flag }) },
  { weight: 2, arbitrary: step("acknowledgeLines", { dataset, isUndone: flag }) },
  {
    weight: 1,
    arbitrary: step("makeDue", { dataset, raws: fc.array(raw, { maxLength: 4 }) }),
  },
  { weight: 2, arbitrary: step("upgrade", { version: fc.nat(2), format: fc.nat(2) }) },
  { weight: 1, arbitrary: step("clockBack", { ms }) },
  { weight: 4, arbitrary: step("prune", { dataset, count: fc.nat(5), fails: fc.nat(9) }) },
  { weight: 2, arbitrary: step("sync", { count: fc.nat(8), lost: fc.nat(3) }) },
  { weight: 2, arbitrary: step("forgetRaw", { dataset, raw }) },
  { weight: 1, arbitrary: step("forgetSome", { dataset }) },
  { weight: 1, arbitrary: step("forget", { dataset }) },
  { weight: 2, arbitrary: step("mask", { dataset, mask: fc.nat(2), redoes: flag }) },
  { weight: 9, arbitrary: step("look", { dataset, files: lines, ends: flag }) },
  { weight: 1, arbitrary: step("leave", { dataset }) },
  {
    weight: 1,
    arbitrary: step("rebuild", {
      dataset,
      receipts: fc.array(receipt, { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 1, arbitrary: step("series", { dataset, key: fc.nat(4), forgets: flag }) },
  { weight: 4, arbitrary: step("wait", { ms }) },
  { weight: 1, arbitrary: fc.constant({ do: "die" }) },
  { weight: 1, arbitrary: fc.constant({ do: "query" }) },
);

/** Any sequence of up to this many steps, and half as many at least. */
export function anySteps(maxLength: number): fc.Arbitrary<readonly Step[]> {
  return fc.array(anyStep, { minLength: maxLength / 2, maxLength, size: "max" });
}
