import { errorMessage, Failure } from "../errors.ts";
import { appendEntry } from "../manifest/append.ts";
import { type CommonOptions, type Context, exitCodes, settingsFor } from "./command.ts";
import { printText } from "./print.ts";
import { jsonText } from "../lib/text.ts";

/** Options of `append`. */
export interface AppendCommandOptions extends CommonOptions {
  readonly dataset: string;
  readonly raw: string;
  readonly bronze: string;
  readonly mtime?: string;
  readonly json?: boolean;
}

/** Appends one entry to a manifest. @throws Failure USAGE or MANIFEST_UNREADABLE */
export async function append(options: AppendCommandOptions, context: Context): Promise<number> {
  const { prefix } = settingsFor(options, context);
  const { dataset, raw, bronze, mtime, json } = options;
  const entry = { prefix, dataset, raw, bronze };
  const line = await appendEntry(mtime === undefined ? entry : { ...entry, mtime: seconds(mtime) });
  if (json === true) printText(context, jsonText(JSON.parse(line)));
  return exitCodes.done;
}

function seconds(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new Failure(
    "USAGE",
    `--mtime ${errorMessage(text)} is not a number of seconds since epoch`,
  );
}
