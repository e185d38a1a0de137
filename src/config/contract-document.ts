import { parse } from "yaml";
import { utf8 } from "../lib/encoding.ts";

/** Aliases that a document may have: each of them can stand for what holds others. */
const MOST_ALIASES = 100;

/** Parses the YAML or JSON of a contract. @throws Error with the line in its message */
export function parseContract(bytes: Uint8Array): unknown {
  return parse(utf8.decode(bytes), { logLevel: "error", maxAliasCount: MOST_ALIASES });
}
