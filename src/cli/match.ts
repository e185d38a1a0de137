import { matchesGlob } from "node:path";
import type { FailureFilter } from "../cache/failures.ts";
import type { FailureCode } from "../errors.ts";
import type { InspectOptions } from "./command.ts";

/** Options of commands about failures. */
export interface FailureOptions extends InspectOptions {
  readonly glob?: string;
  readonly dataset?: string;
  readonly code?: FailureCode;
}

/** The failures that the options mean; all of them where nothing is given. */
export function failureFilter({ glob, dataset, code }: FailureOptions): FailureFilter {
  return {
    ...(code === undefined ? {} : { code }),
    hasDataset: (name) => dataset === undefined || matchesGlob(name, dataset),
    hasRaw: (raw) => glob === undefined || matchesGlob(raw, glob),
  };
}
