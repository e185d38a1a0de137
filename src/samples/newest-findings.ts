import { constants } from "node:fs";
import { readdir } from "node:fs/promises";
import { errorCode, Failure } from "../errors.ts";
import { entryPath, type HeldDirectory } from "../lake/held-directory.ts";
import { readRange } from "../lib/read-range.ts";
import { openRegular } from "./record-file.ts";
import type { Finding } from "./findings.ts";

/** Bytes at the end of a file that are looked through. */
const TAIL_BYTES = 256 * 1024;
/** Files that are looked through: one for each host that writes there. */
const MOST_FILES = 8;

/**
 * The newest findings of a dataset, the last first; of one raw where it is named. Findings that
 * were sealed, or are far from the end, are not looked for.
 */
export async function newestFindings(
  samples: HeldDirectory,
  { count, raw }: { readonly count: number; readonly raw?: string },
): Promise<readonly Finding[]> {
  const names = (await readdir(entryPath(samples))).filter((name) =>
    /^_findings(-[\w-]+)?\.jsonl$/.test(name),
  );
  const found: Finding[] = [];
  for (const name of names.toSorted().slice(0, MOST_FILES))
    found.push(...(await tailOf(samples, name)));
  return found
    .filter((finding) => raw === undefined || finding.raw === raw)
    .toSorted((a, b) => b.at.localeCompare(a.at))
    .slice(0, count);
}

async function tailOf(samples: HeldDirectory, name: string): Promise<Finding[]> {
  try {
    const handle = await openRegular(samples, name, constants.O_RDONLY);
    try {
      const { size } = await handle.stat();
      const tail = await readRange(handle, Math.max(0, size - TAIL_BYTES), size);
      return Buffer.from(tail).toString("utf8").split("\n").flatMap(parsed);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Failure || errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** A line as a finding; none where it is half a line, or anything else. */
function parsed(line: string): Finding[] {
  try {
    const value = JSON.parse(line) as Finding | null;
    const isFinding =
      typeof value?.at === "string" && (value.kind === "drift" || value.kind === "validation");
    return isFinding ? [value] : [];
  } catch {
    return [];
  }
}
