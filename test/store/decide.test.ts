import fc from "fast-check";
import { expect, test } from "vitest";
import { decide, type Known } from "../../src/store/decide.ts";

const settled: Known = { nextAt: null, outcome: "sampled", doneMtime: 5 };

test.each<[string, number, Known | undefined, string]>([
  ["a raw that is new", 5, undefined, "due"],
  ["the mtime that was sampled", 5, settled, "unchanged"],
  ["a later mtime", 6, settled, "due"],
  ["an earlier mtime", 4, settled, "due"],
  ["an mtime that differs in the last digit", 5.000001, settled, "due"],
  ["the mtime of a pruned sample", 5, { ...settled, outcome: "pruned" }, "unchanged"],
  ["the mtime that failed", 5, { ...settled, outcome: "failed" }, "due"],
  [
    "the mtime that failed and waits for a retry",
    5,
    { ...settled, outcome: "failed", nextAt: 9 },
    "due",
  ],
  [
    "a line while the first one waits",
    5,
    { nextAt: 1, outcome: null, doneMtime: null },
    "superseding",
  ],
  ["a line while a newer version waits", 5, { ...settled, nextAt: 1 }, "superseding"],
])("%s", (_what, mtime, known, decision) => {
  expect(decide(mtime, known)).toBe(decision);
});

test("nothing but the same mtime, settled and not waiting, is unchanged", () => {
  const known = fc.record<Known>({
    nextAt: fc.option(fc.integer()),
    outcome: fc.constantFrom(null, "sampled", "failed", "pruned"),
    doneMtime: fc.option(fc.double({ noNaN: true })),
  });
  fc.assert(
    fc.property(fc.double({ noNaN: true }), known, (mtime, state) => {
      if (decide(mtime, state) !== "unchanged") return;
      expect(state).toMatchObject({ nextAt: null, doneMtime: mtime });
      expect(state.outcome).not.toBe("failed");
    }),
  );
});
