/**
 * `npm run sniffing [-- --corpus DIR]`: recognises all texts of a corpus by their content, without
 * the extensions of their names. It prints which formats are taken for others, how often that
 * happens, and what recognising costs. Exits 1 when more than 1 % of the texts are taken for others.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { isCorpus } from "./corpus.ts";
import { recogniseCost, sniffCorpus } from "./sniffed.ts";

const { values: options } = parseArgs({
  options: {
    corpus: { type: "string", default: join(import.meta.dirname, "../../shared/corpus") },
  },
});
const corpus = resolve(options.corpus);

if (isCorpus(corpus)) await run();
else process.stdout.write(`nothing to do: there is no corpus at ${corpus}\n`);

async function run(): Promise<void> {
  const texts = await sniffCorpus(corpus);
  const wrong = texts.filter(({ isWrong }) => isWrong);
  const pairs = Map.groupBy(texts, ({ format, guess }) => `${format} taken for ${guess}`);
  for (const [pair, all] of [...pairs].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    print(pair, all.length);
  print("wrong", `${wrong.length} of ${texts.length}`);
  for (const { path, guess } of wrong) print("  ", `${path}: ${guess}`);
  const cost = await recogniseCost(texts);
  print("a name that is known, µs", `${cost.named.toFixed(2)} on average`);
  print("a name that says nothing, µs", `${cost.nameless.toFixed(2)} on average`);
  process.exitCode = wrong.length > texts.length / 100 ? 1 : 0;
}

function print(what: string, value: unknown): void {
  process.stdout.write(`${what}: ${String(value)}\n`);
}
