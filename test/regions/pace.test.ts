import { expect, test } from "vitest";
import { secondsFor } from "../../src/regions/pace.ts";
import { stagingDocument } from "./staging-document.ts";

const MIB = 1024 ** 2;
const at = (minutes: number) => new Date(Date.UTC(2026, 10, 30, 0, minutes)).toISOString();

/** A staging that came to east and west after so many minutes; null where it never did. */
function staging(size_bytes: number, east: number, west: number | null) {
  const own = { size_bytes, uploaded_at: at(0) };
  const documents = [
    stagingDocument({ ...own, region: "east", completed_at: at(east) }),
    stagingDocument({ ...own, region: "west", completed_at: west === null ? null : at(west) }),
  ];
  return documents.map((document) => ({ region: document.region, document }));
}

test("an upload takes as long as the latest one did to each region, by its bytes", () => {
  const known = [staging(100 * MIB, 10, 30), staging(50 * MIB, 1, 4)];
  // The first is the later one: 6 s a MiB to east, 12 from there to west.
  expect(secondsFor(10 * MIB, ["east", "west"], known)).toBeCloseTo(180);
  expect(secondsFor(10 * MIB, ["east"], known)).toBeCloseTo(60);
});

test("where a region never got anything in that way, nobody knows", () => {
  const known = [staging(100 * MIB, 10, null)];
  expect(secondsFor(MIB, ["east"], known)).toBeCloseTo(6);
  expect(secondsFor(MIB, ["east", "west"], known)).toBeUndefined();
  expect(secondsFor(MIB, ["west", "east"], known)).toBeUndefined();
});

test("small stagings say nothing of how fast it goes", () => {
  expect(secondsFor(MIB, ["east"], [staging(MIB, 10, 20)])).toBeUndefined();
  expect(secondsFor(MIB, ["east"], [])).toBeUndefined();
});
