import { statSync } from "node:fs";
import { join } from "node:path";
import { MANIFESTS, SAMPLES } from "./dataset.ts";

/** Names that every dataset has, above and in `samples`. */
const known = [MANIFESTS, `${SAMPLES}/_receipts.jsonl`] as const;

/**
 * True when names that differ in case alone are one name where a dataset or its samples are, as on
 * NTFS, exFAT and SMB. `directory` is the dataset's. False where nothing can be looked at.
 */
export function foldsCase(directory: string): boolean {
  return known.some((name) => isOne(join(directory, name), join(directory, inCapitals(name))));
}

/** The last part in capitals. */
function inCapitals(path: string): string {
  return path.replace(/[^/]+$/, (name) => name.toUpperCase());
}

function isOne(a: string, b: string): boolean {
  try {
    const [one, other] = [statSync(a, { bigint: true }), statSync(b, { bigint: true })];
    return one.dev === other.dev && one.ino === other.ino;
  } catch {
    return false;
  }
}
