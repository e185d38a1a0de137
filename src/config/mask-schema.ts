import { z } from "zod";
import { MASK_DEFAULTS, MASK_WAYS } from "./mask-settings.ts";

const { others, text, names, leaks, unmatched } = MASK_DEFAULTS;
const name = z.string().min(1);

const rule = z.strictObject({
  match: z
    .union([name.transform((one) => [one]), z.array(name).min(1)])
    .describe(
      "globs of column names; of JSON dotted paths, with [] for elements, ** for any depth",
    ),
  with: z.enum(MASK_WAYS).describe("what becomes of a value"),
  domain: z
    .string()
    .regex(/^[^\0]*$/, "no NUL")
    .default("")
    .describe("equal values have equal tokens within a domain"),
  keys: z.boolean().default(false).describe("true: the keys of JSON objects there are values too"),
});

const shape = {
  columns: z
    .array(rule)
    .default([])
    .describe("rules for columns; the first that matches a column holds"),
  others: z.enum(["keep", "redact"]).default(others).describe("columns that no rule matches"),
  text: z
    .enum(["keep", "redact"])
    .default(text)
    .describe("such columns with a text of more than 64 characters"),
  names: z
    .enum(["keep", "redact"])
    .default(names)
    .describe("names of files: redact gives samples another name and closes listings"),
  leaks: z
    .enum(["fail", "redact", "warn"])
    .default(leaks)
    .describe("a masked value of 5 characters or more that stands elsewhere in the sample"),
  unmatched: z
    .enum(["warn", "fail"])
    .default(unmatched)
    .describe("a rule that matches no column of a file"),
};

const key = z.string().regex(/^\//, "use an absolute path");
const keyMeaning = "a file of 32 secret bytes or more, mode 0400";

/** The mask of all datasets. */
export const maskSchema = z
  .strictObject({ key: key.describe(keyMeaning), ...shape })
  .nullable()
  .default(null)
  .describe("values that samples must not show; null: samples are verbatim");

/** The mask of some datasets: any key of it may be left out, `null` is none. */
export const maskOverride = z
  .strictObject({
    key: key.optional().describe(keyMeaning),
    columns: shape.columns.unwrap().optional(),
    others: shape.others.unwrap().optional(),
    text: shape.text.unwrap().optional(),
    names: shape.names.unwrap().optional(),
    leaks: shape.leaks.unwrap().optional(),
    unmatched: shape.unmatched.unwrap().optional(),
  })
  .nullable();
