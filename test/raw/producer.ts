/**
 * A producer in a process of its own: `node producer.ts DATASET COUNT`. It writes raw files under
 * another name, renames each, moves it to bronze a moment later, and appends its line.
 */
import { appendFileSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [dataset = "", count = "0"] = process.argv.slice(2);
/** Files that are in raw at a time. */
const AT_ONCE = 40;
/** Longest time that each of them stays there, ms. */
const STAY_MS = 997;

mkdirSync(`${dataset}/raw`, { recursive: true });
mkdirSync(`${dataset}/bronze`, { recursive: true });
mkdirSync(`${dataset}/manifests`, { recursive: true });

async function produce(i: number): Promise<void> {
  const name = `f${i}.csv`;
  const text = `id,value\n${`${i},some value\n`.repeat(1 + (i % 50))}`;
  // In two writes: half of it is there for a while.
  writeFileSync(`${dataset}/raw/temp_${name}`, text.slice(0, text.length / 2));
  if (i % 7 === 0) await sleep(1);
  writeFileSync(`${dataset}/raw/temp_${name}`, text);
  renameSync(`${dataset}/raw/temp_${name}`, `${dataset}/raw/${name}`);
  const { mtimeMs } = statSync(`${dataset}/raw/${name}`);
  await sleep((i * 7919) % STAY_MS);
  renameSync(`${dataset}/raw/${name}`, `${dataset}/bronze/${name}`);
  const line = { raw: `raw/${name}`, bronze: `bronze/${name}`, mtime: mtimeMs / 1000 };
  appendFileSync(`${dataset}/manifests/processed.jsonl`, `${JSON.stringify(line)}\n`);
}

let next = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < Number(count)) {
      next += 1;
      await produce(next - 1);
    }
  }),
);
