import type { FailureFilter } from "../store/rows.ts";
import { matchesGlob } from "node:path";
import type { FailureCode } from "../errors.ts";
import type { InspectOptions } from "./command.ts";

/** Options of commands about failures. */
export interface FailureOptions extends InspectOptions {
  readonly glob?: string;
  readonly dataset?: string;
  readonly code?: FailureCode;
}

/** Matches the dot before a part of a path that begins with one. */
const hidden = /(?<=^|\/)\./g;
/** Characters that no name is likely to begin with. */
const SHOWN = "\ue000.";

/** True when a glob means a raw: its wildcards stand for names that begin with a dot, too. */
export function matchesRaw(raw: string, glob: string): boolean {
  if (matchesGlob(raw, glob)) return true;
  const shown = raw.replace(hidden, SHOWN);
  return shown !== raw && matchesGlob(shown, glob.replace(hidden, SHOWN));
}

/** The failures that the options mean; all of them where nothing is given. */
export function failureFilter({ glob, dataset, code }: FailureOptions): FailureFilter {
  return {
    ...(code === undefined ? {} : { code }),
    hasDataset: (name) => dataset === undefined || matchesGlob(name, dataset),
    hasRaw: (raw) => glob === undefined || matchesRaw(raw, glob),
  };
}
