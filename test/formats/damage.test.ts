import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { allFixtures, type Result, sampleBytes } from "../helpers/sample.ts";

/** Fixtures up to this size are damaged at every byte, larger ones at evenly spaced ones. */
const SMALL_BYTES = Number(process.env["DAMAGE_BYTES"] ?? 400);
const POSITIONS = 200;
const masks = [0xff, 0x01, 0x20, 0x80];

const fixtures = allFixtures().filter(({ bytes }) => bytes.length > 0);

// Memory in use is only given back between turns of the event loop.
describe.each(fixtures.map((fixture) => [fixture.path, fixture] as const))(
  "%s",
  (_, { name, bytes }) => {
    test("cut off anywhere, has a sample or a coded failure", async () => {
      for (const at of positions(bytes.length)) {
        await nextTurn();
        expectOutcome(await sampleBytes(name, bytes.subarray(0, at), { chunk: 4096 }));
      }
    });

    test("changed anywhere, has a sample or a coded failure", async () => {
      for (const at of positions(bytes.length)) {
        await nextTurn();
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] as number) ^ (masks[at % masks.length] as number);
        expectOutcome(await sampleBytes(name, damaged, { chunk: 4096 }));
      }
    });
  },
);

/** Anything else has been thrown. A sample needs no format of its own: damage may hide the type. */
function expectOutcome(result: Result): void {
  if (result.kind === "failed") expect(["FORMAT_INVALID", "LIMIT_EXCEEDED"]).toContain(result.code);
  else if (result.kind === "none") expect(result.reason).not.toBe("");
  else {
    const { complete, cut, reason, warnings } = result.summary;
    const isCut = cut !== undefined || reason !== undefined;
    if (complete) expect(isCut).toBe(false);
    else expect(isCut || warnings.length > 0).toBe(true);
  }
}

function positions(length: number): number[] {
  const count = length <= SMALL_BYTES ? length : POSITIONS;
  return Array.from({ length: count }, (_, i) => Math.floor((i * length) / count));
}
