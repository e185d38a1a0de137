import { expect, test } from "vitest";
import { isCorpus } from "../../conformance/corpus.ts";
import { sniffCorpus } from "../../conformance/sniffed.ts";

const corpus = "/work/shared/corpus";
const EVERY = 20;

test("texts without their extensions are not taken for formats that they do not have", async (context) => {
  if (!isCorpus(corpus)) return context.skip(`there is no corpus at ${corpus}`);
  const texts = await sniffCorpus(corpus, EVERY);
  expect(texts.length).toBeGreaterThan(50);
  const wrong = texts.filter(({ isWrong }) => isWrong);
  // JSON Lines, one of them broken.
  expect(wrong.map(({ path }) => path)).toEqual(["csv/duckdb+duckdb/json.csv"]);
});
