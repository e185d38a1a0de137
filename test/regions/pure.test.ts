import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createBuffers } from "../../src/regions/buffers.ts";
import { expiry, isId, KEPT_DAYS, newId } from "../../src/regions/document.ts";
import { partBytesFor, partsOf, tagOfParts } from "../../src/regions/parts.ts";
import { viewOf } from "../../src/regions/staging-view.ts";
import { stagingDocument } from "./staging-document.ts";

const MIB = 1024 ** 2;
const TIB = 1024 ** 4;

test("an object of any size has at most 10,000 parts, none too small, and no byte twice", () => {
  for (const size of [1, 16 * MIB, 16 * MIB + 1, 100 * MIB, TIB, 5 * TIB]) {
    const partBytes = partBytesFor(size, 16 * MIB);
    expect(partBytes).toBeGreaterThanOrEqual(16 * MIB);
    let count = 0;
    let end = 0;
    for (const part of partsOf(size, partBytes)) {
      count += 1;
      expect([part.n, part.start]).toEqual([count, end]);
      ({ end } = part);
    }
    expect(end).toBe(size);
    expect(count).toBeLessThanOrEqual(10_000);
  }
  expect(partBytesFor(1, 1)).toBe(5 * MIB);
});

test("the ETag of parts is the MD5 of their MD5s, and how many there are", () => {
  const md5 = createHash("md5").update("a").digest();
  const all = createHash("md5").update(md5).update(md5).digest("hex");
  const part = { etag: md5.toString("hex") };
  expect(tagOfParts([part, part])).toBe(`${all}-2`);
});

test("ids are new, and a staging stays 1 to 90 days", () => {
  const ids = Array.from({ length: 1000 }, newId);
  expect(ids.every(isId)).toBe(true);
  expect(new Set(ids).size).toBe(1000);
  const now = new Date("2026-11-30T10:00:00Z");
  expect(expiry(now, 7)).toBe("2026-12-07T10:00:00.000Z");
  for (const days of [0, -1, 91, 1.5, Number.NaN])
    expect(() => expiry(now, days)).toThrow("1 to 90");
});

test("a staging goes a year after its upload, before its bucket takes it for forgotten", () => {
  const uploaded = new Date("2026-01-01T00:00:00Z");
  const now = new Date("2026-12-01T12:00:00Z");
  expect(expiry(now, 30, uploaded)).toBe("2026-12-31T12:00:00.000Z");
  expect(() => expiry(now, 31, uploaded)).toThrow("365 days after its upload");
  expect(() => expiry(now, 31, uploaded)).toThrow(": 30 are left");
  const late = new Date("2027-06-01T00:00:00Z");
  expect(() => expiry(late, 1, uploaded)).toThrow(": 0 are left");
  expect(KEPT_DAYS).toBeGreaterThan(365 + 7);
});

test.each([
  ["complete", "complete", "complete"],
  ["complete", "replicating", "replicating"],
  ["complete", "failed", "failed"],
  ["deleting", "failed", "deleting"],
  ["complete", undefined, "missing"],
] as const)("%s in one region and %s in another is %s", (one, two, state) => {
  const own = two === undefined ? undefined : stagingDocument({ region: "west", state: two });
  const view = viewOf([
    { region: "east", bucket: "e", document: stagingDocument({ state: one }) },
    { region: "west", bucket: "w", document: own },
  ]);
  expect(view?.state).toBe(state);
});

test("what cannot be asked is unknown, and the latest expiry counts", () => {
  const later = "2027-01-01T00:00:00.000Z";
  const regions = ["east", "west", "north"];
  const view = viewOf([
    { region: "east", bucket: "e", document: stagingDocument({ regions }) },
    { region: "west", bucket: "w", document: stagingDocument({ regions, expires_at: later }) },
    { region: "north", bucket: "n", problem: "no answer" },
  ]);
  expect(view).toMatchObject({ state: "unknown", expires_at: later });
  expect(view?.regions[2]).toMatchObject({ state: "unknown", reason: "no answer" });
  expect(viewOf([{ region: "east", bucket: "e" }])).toBeUndefined();
});

test("buffers have no more bytes together than is allowed, and come in turn", async () => {
  const buffers = createBuffers(4 * MIB);
  const first = await Promise.all([buffers.take(2 * MIB), buffers.take(2 * MIB)]);
  const order: string[] = [];
  const large = buffers.take(8 * MIB).then((buffer) => (order.push("large"), buffer));
  const small = buffers.take(1).then((buffer) => (order.push("small"), buffer));
  buffers.give(first[0]);
  await Promise.resolve();
  expect(order).toEqual([]);
  buffers.give(first[1]);
  // Larger than all together: it has its turn alone.
  buffers.give(await large);
  await small;
  expect(order).toEqual(["large", "small"]);
});
