import { createRequire } from "node:module";
import type { Rows } from "./rows.ts";

/** The question to it: a query, and the format of the answer. */
interface Chdb {
  query(query: string, format: string): string;
}

const settings = [
  "max_threads = 1",
  "input_format_orc_dictionary_as_low_cardinality = 0",
  "schema_inference_make_columns_nullable = 1",
].join(", ");

/**
 * Reads ORC with ClickHouse, which has Apache's own reader. It takes half a gigabyte, so it is no
 * dependency: `CHDB` names the directory of the package `chdb`.
 */
export async function readChdb(path: string, limit: number): Promise<Rows> {
  const directory = process.env["CHDB"];
  if (directory === undefined) throw new Error("CHDB names no package");
  const { query } = createRequire(import.meta.url)(directory) as Chdb;
  const name = path.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  const text = query(
    `SELECT * FROM file('${name}', ORC) LIMIT ${limit} SETTINGS ${settings}`,
    "JSONCompactStringsEachRowWithNamesAndTypes",
  );
  const [names = [], types = [], ...rows] = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as string[]);
  return { columns: names.map((column, i) => `${column} ${types[i]}`), rows };
}
