import { z } from "zod";
import { Failure } from "../errors.ts";
import type { PriceTable } from "./prices.ts";

const price = z.number("a price is a number").nonnegative("a price is not below 0");

const CURRENCY = "three letters, such as USD";
const FROM_TO = "from → to → price of a GB";

const transfers = z
  .record(z.string().min(1), z.record(z.string().min(1), price, FROM_TO), FROM_TO)
  .refine(
    (rows) => Object.values(rows).some((row) => Object.keys(row).length > 0),
    "names no price from one region to another",
  )
  .superRefine((rows, { addIssue }) => {
    for (const [region, row] of Object.entries(rows))
      if ((row[region] ?? 0) > 0)
        addIssue({ code: "custom", path: [region, region], message: "within a region it is free" });
  });

/** A table of prices, as a file has it. */
const priceSchema = z.strictObject({
  asOf: z.iso.date("the day of the prices, such as 2026-11-30"),
  currency: z.string(CURRENCY).regex(/^[A-Z]{3}$/, CURRENCY),
  source: z.string("say where the prices were found").min(1),
  storagePerGbMonth: z
    .record(z.string().min(1), price, "region → price of a GB for a month")
    .refine((prices) => Object.keys(prices).length > 0, "names no region"),
  transfer: transfers,
  directTransfer: transfers.optional(),
  requestsPerThousand: z.strictObject({ put: price, get: price }).optional(),
});

/**
 * Checks a table of prices that was read from a file.
 * @throws Failure CONFIG_INVALID with every mistake on a line of its own
 */
export function pricesIn(value: unknown, path: string): PriceTable {
  const result = priceSchema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path: at, message }) =>
    at.length === 0 ? `${path}: ${message}` : `${path}: ${at.join(".")}: ${message}`,
  );
  throw new Failure("CONFIG_INVALID", mistakes.join("\n"));
}
