import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { Failure } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import type { Json } from "../staging/params.ts";

/** Reads parameters from a JSON file, or from stdin for `-`; none are `{}`. @throws Failure USAGE */
export async function readParams(path: string | undefined): Promise<Json> {
  if (path === undefined) return {};
  const content = await (path === "-" ? text(process.stdin) : readFile(path, "utf8")).catch(
    (error: unknown) => {
      throw new Failure("USAGE", `cannot read ${path}: ${systemMessage(error)}`, { cause: error });
    },
  );
  try {
    return JSON.parse(content) as Json;
  } catch (error) {
    throw new Failure("USAGE", `${path}: parameters are JSON, and this is none`, { cause: error });
  }
}
