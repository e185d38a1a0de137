import { closeSync, openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dataset, Raw, Version } from "./lake.ts";
import { chooseRaw, type Making, noteAnnounced, writeVersion } from "./versions.ts";

/**
 * Announces files as somebody would whose writes are not whole: alone in its dataset, since half a
 * line is spoilt by anybody else who writes. Returns the function that does one thing.
 */
export function createHalfLines(dataset: Dataset, making: Making): () => Promise<void> {
  const { random, tally } = making;

  return async () => {
    const raw = chooseRaw(dataset, random);
    if (raw === undefined) return;
    const version = await writeVersion(dataset, raw, making);
    // Held open over the pause: the file may be renamed meanwhile.
    const manifest = openSync(dataset.manifest, "a");
    try {
      if (random.chance(0.2)) writeSync(manifest, spoilt());
      await write(manifest, raw, version);
    } finally {
      closeSync(manifest);
    }
  };

  async function write(manifest: number, raw: Raw, version: Version): Promise<void> {
    const { bronze, mtime } = version;
    const line = Buffer.from(`${JSON.stringify({ raw: raw.path, bronze, mtime })}\n`);
    noteAnnounced(dataset, raw, version, tally);
    const at = random.chance(0.5) ? random.below(line.length) : 0;
    if (at > 0) {
      tally.halfLines += 1;
      writeSync(manifest, line.subarray(0, at));
      await sleep(50 + random.below(1500));
    }
    writeSync(manifest, line.subarray(at));
  }

  /** Half a line that is never completed: the next one is glued to it. */
  function spoilt(): string {
    tally.badLines += 1;
    return `{"raw": "raw/größe-never.csv", "bronze": "bro`;
  }
}
