import { z } from "zod";
import { count } from "./units.ts";

const severity = z.enum(["off", "info", "warn"]);

/** Settings of drift: which files are compared, and what is told. */
export const driftSchema = z.strictObject({
  enabled: z.boolean().default(true).describe("compare each file with those before it"),
  series: z
    .array(
      z.strictObject({
        match: z
          .string()
          .min(1)
          .refine(isPattern, "not a regular expression")
          .describe("a pattern in raw; its group `key`, or all it matches, names the series"),
      }),
    )
    .default([])
    .describe("raws that belong together, before the rule that dates and numbers do not count"),
  history: count.max(100).default(20).describe("shapes that are remembered of each series"),
  maxSeries: count.max(1_000_000).default(10_000).describe("series of a dataset"),
  report: z
    .strictObject({
      added: severity.default("info"),
      removed: severity.default("warn"),
      renamed: severity.default("warn"),
      reordered: severity.default("warn"),
      type: severity.default("warn"),
      dialect: severity.default("warn"),
      size: severity.default("warn"),
    })
    .prefault({})
    .describe("off, info or warn for each kind of change"),
  size: z
    .strictObject({
      below: z
        .number()
        .nonnegative()
        .max(1)
        .default(0.5)
        .describe("part of the smallest of the last 10 files below which one is too small"),
      after: count.max(10).default(5).describe("files that have to be known before"),
    })
    .prefault({}),
});

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, "u").source !== "";
  } catch {
    return false;
  }
}
