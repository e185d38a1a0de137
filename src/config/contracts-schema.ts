import { z } from "zod";

const treatment = z.enum(["ignore", "warn", "fail"]);

/** `contracts:` of the configuration: what samples are held to. */
export const contractsSchema = z.strictObject({
  file: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("ODCS, Table Schema or JSON Schema, below the dataset or beside this file"),
  objects: z
    .record(z.string().min(1), z.string().min(1))
    .default({})
    .describe('which raws are held to which object, such as {"raw/**/orders*.csv": orders}'),
  columns: z
    .strictObject({
      extra: treatment.default("warn"),
      missingOptional: treatment.default("warn"),
      order: treatment.default("ignore"),
    })
    .prefault({})
    .describe("ignore, warn or fail where columns are not those of the contract"),
  nulls: z.array(z.string()).default([""]).describe("cells of text that count as null"),
  rows: z.boolean().default(false).describe("also tell the numbers of rows that fail"),
});
