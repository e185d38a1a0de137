import { z } from "zod";
import { DAY_S } from "./units.ts";

const PROGRAM = "a command begins with the absolute path of its program";

const command = z
  .tuple(
    [z.string().regex(/^\/[^\0]*$/, PROGRAM)],
    z.string().regex(/^[^\0]*$/, "no null character"),
  )
  .nullable()
  .default(null);

/** Commands that are told of something, and how often. */
export const hooksSchema = z.strictObject({
  finding: command.describe("program and arguments, told of findings; null: nobody is told"),
  failure: command.describe("the same for entries that failed for good"),
  gatherSeconds: z
    .number()
    .nonnegative()
    .max(DAY_S)
    .default(10)
    .describe("seconds in which things are gathered for one call"),
  callSeconds: z.number().positive().max(600).default(30).describe("seconds that a call may take"),
});
