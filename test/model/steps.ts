import fc from "fast-check";
import { type Packing, packings } from "./disk.ts";

/** One thing that happens to a manifest, or to those who read it. Plain data, to be printed. */
export type Step =
  | { readonly do: "append"; readonly raws: readonly number[] }
  | { readonly do: "appendPartial"; readonly bytes: number }
  | { readonly do: "finish" | "endLine" | "appendBad" | "appendBlank" }
  | { readonly do: "nulTail"; readonly bytes: number }
  | { readonly do: "healNuls" }
  | { readonly do: "rewriteEnd"; readonly bytes: number }
  | { readonly do: "rotate"; readonly creates: boolean }
  | { readonly do: "rotateAgain"; readonly raws: readonly number[] }
  | { readonly do: "copyTruncate"; readonly between: "nothing" | "pass" | "append" }
  | { readonly do: "truncateAndRegrow"; readonly raws: readonly number[]; readonly hole: boolean }
  | { readonly do: "deleteAndRecreate"; readonly raws: readonly number[] }
  | { readonly do: "reuseInode"; readonly raws: readonly number[] }
  | { readonly do: "delete" | "dropOldest" }
  | {
      readonly do: "compress";
      readonly which: number;
      readonly packing: Packing;
      readonly between: "nothing" | "pass";
    }
  | { readonly do: "appendLate"; readonly which: number }
  | { readonly do: "staleSize"; readonly bytes: number }
  | { readonly do: "unmounted" | "restart" | "settle" }
  | { readonly do: "wait"; readonly minutes: number }
  | {
      readonly do: "pass";
      readonly ms: number;
      readonly drains: boolean;
      /** Steps of the look; null where it comes to its end. */
      readonly turns: number | null;
    }
  | { readonly do: "kill"; readonly after: number; readonly drains: boolean };

/** Ways to name a manifest's generations. */
export type Naming = "numbered" | "counted" | "suffixed";

/** A whole sequence. */
export interface Sequence {
  readonly naming: Naming;
  readonly steps: readonly Step[];
}

/** Three raws come again and again; 3 stands for one that was never seen. */
const raws = fc.array(fc.nat(3), { minLength: 1, maxLength: 3 });
const someRaws = fc.array(fc.nat(3), { maxLength: 4 });
const bytes = fc.integer({ min: 1, max: 150 });
const ms = fc.constantFrom(1, 500, 1999, 2000, 5000);
const which = fc.nat(3);
const turns = fc.constantFrom(null, null, 1, 2, 5);

function just<T extends string>(name: T): fc.Arbitrary<{ readonly do: T }> {
  return fc.constant({ do: name });
}

function step<T extends string, R>(
  name: T,
  rest: { [K in keyof R]: fc.Arbitrary<R[K]> },
): fc.Arbitrary<{ readonly do: T } & R> {
  return fc.record({ do: fc.constant(name), ...rest }) as unknown as fc.Arbitrary<
    { readonly do: T } & R
  >;
}

/** Events of the manifest. */
const anyChange: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: step("append", { raws }) },
  { weight: 3, arbitrary: step("rotate", { creates: fc.boolean() }) },
  { weight: 2, arbitrary: step("rotateAgain", { raws: someRaws }) },
  {
    weight: 3,
    arbitrary: step("copyTruncate", { between: fc.constantFrom("nothing", "pass", "append") }),
  },
  { weight: 2, arbitrary: step("truncateAndRegrow", { raws: someRaws, hole: fc.boolean() }) },
  { weight: 1, arbitrary: step("deleteAndRecreate", { raws: someRaws }) },
  { weight: 1, arbitrary: step("reuseInode", { raws: someRaws }) },
  { weight: 1, arbitrary: just("delete") },
  { weight: 1, arbitrary: just("dropOldest") },
  {
    weight: 2,
    arbitrary: step("compress", {
      which,
      packing: fc.constantFrom(...packings),
      between: fc.constantFrom("nothing", "pass"),
    }),
  },
  { weight: 2, arbitrary: step("appendLate", { which }) },
  { weight: 2, arbitrary: step("appendPartial", { bytes: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 2, arbitrary: just("finish") },
  { weight: 1, arbitrary: just("endLine") },
  { weight: 2, arbitrary: just("appendBad") },
  { weight: 1, arbitrary: just("appendBlank") },
  { weight: 2, arbitrary: step("nulTail", { bytes }) },
  { weight: 1, arbitrary: just("healNuls") },
  { weight: 1, arbitrary: step("rewriteEnd", { bytes }) },
  { weight: 1, arbitrary: step("staleSize", { bytes }) },
);

/** Events of those who read it. */
const anyLook: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: step("pass", { ms, drains: fc.boolean(), turns }) },
  { weight: 3, arbitrary: just("settle") },
  { weight: 3, arbitrary: step("kill", { after: fc.nat(15), drains: fc.boolean() }) },
  { weight: 1, arbitrary: just("unmounted") },
  { weight: 1, arbitrary: just("restart") },
  { weight: 1, arbitrary: step("wait", { minutes: fc.constantFrom(1, 31, 61) }) },
);

const naming = fc.constantFrom<Naming>("numbered", "counted", "suffixed");

/** Any sequence of up to this many steps. */
export function anySequence(maxLength: number): fc.Arbitrary<Sequence> {
  const anyStep = fc.oneof({ weight: 2, arbitrary: anyChange }, { weight: 1, arbitrary: anyLook });
  return fc.record({ naming, steps: fc.array(anyStep, { minLength: 1, maxLength, size: "max" }) });
}

/** Events before a process is started, and the point at which it is killed. */
export interface Chapter {
  readonly steps: readonly Step[];
  /** Number of changes to its state and its samples; it may have ended before. */
  readonly killedAfter: number;
}

/** A sequence for real processes; after its last chapter one more has to come to its end. */
export interface Story {
  readonly naming: Naming;
  readonly chapters: readonly Chapter[];
}

/** Any story. A run makes 15 changes before its cache is there, and 80 or more to its end. */
export function anyStory(): fc.Arbitrary<Story> {
  const steps = fc.array(anyChange, { minLength: 1, maxLength: 10, size: "max" });
  const chapter = fc.record({ steps, killedAfter: fc.integer({ min: 15, max: 85 }) });
  return fc.record({ naming, chapters: fc.array(chapter, { minLength: 1, maxLength: 2 }) });
}
