import { statSync } from "node:fs";
import { resolve } from "node:path";
import { loadConfig, loadConfigIfAny } from "../../config/load.ts";
import { configSchema } from "../../config/schema.ts";
import { Failure } from "../../errors.ts";
import { type View, viewSample } from "../../view/view.ts";
import { defaultLimits } from "../../view/take-sample.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { writeOut } from "../output/out-file.ts";
import {
  type Previewed,
  previewFile,
  type PreviewRequest,
  previewStdin,
} from "../../inspect/preview.ts";
import { maskOfFile } from "../../inspect/mask-for.ts";
import { isUrl } from "../../lib/bronze-url.ts";
import { pathBytes } from "../../lib/pep383.ts";
import { bytesText, counted, jsonText, printable, readText, strategyText } from "../../lib/text.ts";
import { layoutFor, viewText } from "../output/view-text.ts";
import { writeAll } from "../output/write.ts";
import { tell } from "../output/print.ts";
import { page } from "../output/pager.ts";

/** Options of `preview`. */
export interface PreviewOptions extends InspectOptions {
  /** A path, a URL, or `-` for stdin. */
  readonly file: string;
  readonly rows?: number;
  /** Bytes with a unit, such as `64KiB`. */
  readonly bytes?: string;
  readonly out?: string;
  readonly force?: boolean;
  /** A format or extension, such as `csv.gz`. */
  readonly format?: string;
  readonly strategy?: "head" | "spread" | "reservoir";
  /** Places of a spread. */
  readonly parts?: number;
  /** Columns of the terminal; 0 for no limit. */
  readonly width?: number;
  /** False for no pager. */
  readonly pager: boolean;
}

/** Rows shown on a terminal by default. */
const SHOWN_ROWS = 20;
/** Bytes of a sample at most: it is made in memory here. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ROWS = 10_000_000;
/** The rules for settings of samples. */
const sampleSchema = configSchema.shape.sample.unwrap();

/**
 * Samples one file, an object elsewhere, or stdin, to stdout or to a file; on a terminal the sample
 * is shown. Needs no lake and no configuration; where there is one, a file of a masked dataset is
 * masked.
 * @throws Failure USAGE, CONFIG_INVALID, OUTPUT_FULL, OUTPUT_UNWRITABLE, or what is wrong with the
 * file
 */
export async function preview(options: PreviewOptions, context: Context): Promise<number> {
  const { file, out, force = false, json, format, width } = options;
  const settings = loadConfigIfAny({ ...options, env: context.env });
  const mask = file === "-" ? undefined : await maskOfFile(file, settings);
  const request = { ...samplingFor(options), format, mask };
  const previewed = await previewOf(request, options);
  if (out !== undefined) {
    if (file !== "-" && isSame(file, out))
      throw new Failure("USAGE", `--out ${out} is the file itself`);
    writeOut(resolve(out), previewed.sample.bytes, force);
  }
  if (json === true) {
    const view = await viewOf(previewed, options);
    await writeAll(context, `${jsonText(reportOf(previewed, out, view), 2)}\n`);
  } else if (out !== undefined) {
    tell(context, `${out}: ${summaryOf(previewed)}`);
    warn(previewed, context);
  } else if (context.out.isTTY) {
    const view = await viewOf(previewed, options);
    const heading = `${printable(previewed.name)}\n  ${printable(summaryOf(previewed))}`;
    const gap = view.facts.length + view.warnings.length > 0 ? "\n" : "\n\n";
    const text = `${heading}${gap}${viewText(view, layoutFor(context, width))}\n`;
    await page(context, text, options.pager);
  } else {
    warn(previewed, context);
    await writeAll(context, previewed.sample.bytes);
  }
  return exitCodes.done;
}

async function previewOf(
  request: PreviewRequest,
  { file, config, prefix = "/" }: PreviewOptions,
): Promise<Previewed> {
  if (file === "-") return previewStdin(request);
  if (!isUrl(file)) return previewFile(file, request);
  const { previewUrl } = await import("../../inspect/preview-url.ts");
  if (config === undefined) return previewUrl(file, request, { endpoints: {} });
  const { endpoints, staging } = loadConfig({ config, prefix, env: {} });
  return previewUrl(file, request, { endpoints, caFile: staging.caFile });
}

/** True when two paths lead to one file. */
function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => statSync(pathBytes(path), { throwIfNoEntry: false }));
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}

/** Limits, strategy and extensions, of the configuration where one is named. */
function samplingFor(options: PreviewOptions): Omit<PreviewRequest, "format" | "mask"> {
  const { config, prefix = "/", rows, bytes } = options;
  const chosen =
    config === undefined
      ? { limits: defaultLimits, strategy: undefined, extensions: {} }
      : loadConfig({ config, prefix, env: {} }).forDataset("");
  const most = bytes === undefined ? {} : { bytes: bytesOf(bytes) };
  if (rows !== undefined && rows > MAX_ROWS) {
    throw new Failure("USAGE", `--rows ${rows}: at most ${MAX_ROWS}`);
  }
  const records = rows === undefined ? {} : { rows };
  return {
    limits: { ...chosen.limits, ...records, ...most },
    strategy: strategyOf(options, chosen.strategy),
    extensions: chosen.extensions,
  };
}

/** The strategy that is asked for; `configured` holds where none is. */
function strategyOf(
  { strategy, parts: wanted }: PreviewOptions,
  configured: PreviewRequest["strategy"],
): PreviewRequest["strategy"] {
  const name = strategy ?? configured?.name ?? "head";
  const parsed = sampleSchema.shape.parts.safeParse(wanted ?? configured?.parts);
  if (!parsed.success) {
    throw new Failure("USAGE", `--parts ${wanted}: ${parsed.error.issues[0]?.message}`);
  }
  if (name === "head" && wanted !== undefined) {
    throw new Failure(
      "USAGE",
      `--parts ${wanted}: the first records have none; add --strategy spread`,
    );
  }
  return name === "head" ? undefined : { name, parts: parsed.data };
}

function bytesOf(text: string): number {
  const parsed = sampleSchema.shape.bytes.safeParse(text);
  const why = parsed.success ? `at most ${bytesText(MAX_BYTES)}` : parsed.error.issues[0]?.message;
  if (parsed.success && parsed.data <= MAX_BYTES) return parsed.data;
  throw new Failure("USAGE", `--bytes ${text}: ${why}`);
}

async function viewOf({ name, sample }: Previewed, options: PreviewOptions): Promise<View> {
  const { extensions } = samplingFor(options);
  const { signal } = new AbortController();
  return viewSample(sample, { name, rows: options.rows ?? SHOWN_ROWS, extensions, signal });
}

function reportOf(previewed: Previewed, out: string | undefined, view: View): object {
  const { name, sample, readBytes, requests, sourceSize } = previewed;
  const { format, rows = null, complete, cut = null, reason = null, warnings } = sample.summary;
  const { strategy = "head", parts = null, uniform = null, why = null } = sample.summary;
  return {
    name,
    format,
    recognisedBy: sample.recognisedBy,
    rows,
    bytes: sample.bytes.length,
    complete,
    cut,
    reason,
    strategy,
    parts,
    uniform,
    why,
    readBytes,
    requests,
    sourceSize,
    warnings,
    out: out ?? null,
    view,
  };
}

function summaryOf({ sample, readBytes, requests, sourceSize }: Previewed): string {
  const { format, rows, complete, cut, strategy, parts, why, reason } = sample.summary;
  const facts = [
    `${format}, recognised by ${sample.recognisedBy}`,
    rows === undefined ? undefined : counted(rows, "row"),
    bytesText(sample.bytes.length),
    complete ? "complete" : cut === undefined ? undefined : `cut by ${cut}`,
    strategyText(strategy, parts, why),
    readText(readBytes, sourceSize, requests),
    reason === undefined ? undefined : `described only: ${reason}`,
  ];
  return facts.filter((fact) => fact !== undefined).join(", ");
}

function warn({ sample: { summary } }: Previewed, context: Context): void {
  const { warnings, reason } = summary;
  const reasons = reason === undefined ? [] : [`no sample in its own format: ${reason}`];
  for (const one of [...reasons, ...warnings]) {
    tell(context, `staging-sampler: ${one}`);
  }
}
