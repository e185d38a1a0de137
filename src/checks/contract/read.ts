import { isMapping } from "../../lib/mapping.ts";
import type { Contract } from "./contract.ts";
import { Refusal } from "./document.ts";
import { isJsonSchema, readJsonSchema } from "./json-schema.ts";
import { readOdcs } from "./odcs.ts";
import { isTableSchema, readTableSchema } from "./table-schema.ts";

const STANDARDS = "ODCS 3.x, Table Schema and JSON Schema are read";

/**
 * Reads a contract from a parsed document, whatever standard it is written in.
 * @throws Refusal with the place in it
 */
export function readContract(document: unknown): Contract {
  if (!isMapping(document)) throw new Refusal("", `is no contract: ${STANDARDS}`);
  const root = { at: "", value: document };
  if ("dataContractSpecification" in document) {
    const why =
      "is of the Data Contract Specification: `datacontract export --format odcs` makes ODCS of it";
    throw new Refusal("dataContractSpecification", why);
  }
  const isOdcs = "apiVersion" in document || "kind" in document;
  if (isOdcs || Array.isArray(document["schema"])) return readOdcs(root);
  if (isTableSchema(root)) return readTableSchema(root);
  if (isJsonSchema(root)) return readJsonSchema(root);
  throw new Refusal("", `is no contract: ${STANDARDS}`);
}
