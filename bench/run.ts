/**
 * `npm run bench -- NAME [NAME …]`: measures the product beside its reference in the same run and
 * prints both, and the median of the ratios. Exits 1 when a ratio misses the number it states.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "./pairs.ts";

const known = readdirSync(import.meta.dirname)
  .map((file) => /^(\w+)\.bench\.ts$/.exec(file)?.[1])
  .filter((name) => name !== undefined);
const names = process.argv.slice(2);

if (names.length === 0 || names.some((name) => !known.includes(name))) {
  process.stderr.write(`usage: npm run bench -- NAME …, of: ${known.join(", ")}\n`);
  process.exitCode = 2;
} else {
  for (const name of names) {
    const { bench } = (await import(join(import.meta.dirname, `${name}.bench.ts`))) as {
      bench: Bench;
    };
    if (!(await bench())) process.exitCode = 1;
  }
}
