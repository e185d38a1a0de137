import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { loadStaging } from "../../config/load.ts";
import { Failure } from "../../errors.ts";
import { nearestDirectory } from "../../lake/nearest-directory.ts";
import { makeOwnDirectory } from "../../lake/state-directory.ts";
import { storagesOf } from "../../storage/storages-of.ts";
import { locationOf, nameIn, redacted } from "../../storage/location.ts";
import { limitsOf } from "../../transfer/limits-of.ts";
import { download, type Downloaded } from "../../transfer/download.ts";
import { createRateLimit } from "../../transfer/rate.ts";
import { bytesText, printable } from "../../lib/text.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { printJson, printLine, tell } from "../output/print.ts";
import { createBar } from "../output/progress-bar.ts";

/** Options of `stage get`. */
export interface StageGetOptions extends CommonOptions {
  readonly location: string;
  /** The file that it becomes; in the working directory, with the location's last name, by default. */
  readonly output?: string;
  readonly sha256?: string;
  readonly decompress?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

const FILE_MODE = 0o640;

/**
 * Fetches one object into a file: whole and verified, or a reason. What breaks off is gone on with
 * the next time.
 * @throws Failure USAGE, and as `download`
 */
export async function stageGet(options: StageGetOptions, context: Context): Promise<number> {
  const { config, prefix, location } = options;
  const settings = loadStaging({ config, prefix, env: context.env });
  const url = locationOf(location);
  const target = await targetOf(url, options);
  const sha256 = hashOf(options.sha256);
  const abort = new AbortController();
  const stop = () => abort.abort();
  const bar = createBar(context, "bytes");
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const onProgress = (bytes: number, size: number | undefined) => bar.update(bytes, () => size);
    const done = await download(url, {
      storages: storagesOf(settings),
      part: `${target}.part`,
      target: () => target,
      mode: FILE_MODE,
      sha256,
      decompress: options.decompress,
      ...limitsOf({ settings, rate: createRateLimit(settings.bytesPerSecond) }),
      signal: abort.signal,
      onProgress,
    });
    bar.end();
    report(done, { url, target }, options, context);
    return exitCodes.done;
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    bar.end();
    tell(context, "stopped: begin again, to go on");
    return exitCodes.failed;
  } finally {
    bar.end();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/** @throws Failure USAGE where it has no name, is there already, or has no directory; CONFIG_INVALID in a dataset */
async function targetOf(url: URL, { output, force = false }: StageGetOptions): Promise<string> {
  const target = resolve(output ?? fileNameIn(url));
  const found = await stat(target).catch(() => undefined);
  if (found?.isDirectory() === true)
    throw new Failure("USAGE", `${target} is a directory: name a file`);
  if (found !== undefined && !force)
    throw new Failure("USAGE", `${target} is there already; --force replaces it`);
  const directory = await stat(dirname(target)).catch(() => undefined);
  if (directory === undefined)
    throw new Failure(
      "USAGE",
      `${target} has no directory: ${await nearestDirectory(dirname(target))} is the nearest`,
    );
  // No file below a dataset is written, even where the person names it.
  makeOwnDirectory(dirname(target), "output");
  return target;
}

/** A name that leads nowhere else. @throws Failure USAGE */
function fileNameIn(url: URL): string {
  const name = nameIn(url);
  const isNone = /^\.{0,2}$/.test(name) || [...name].some((each) => each < " ");
  if (isNone) throw new Failure("USAGE", `${redacted(url)} has no name: say one with -o`);
  return name;
}

function hashOf(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9a-f]{64}$/i.test(text)) return text?.toLowerCase();
  throw new Failure("USAGE", "--sha256 is 64 hexadecimal digits");
}

function report(
  { bytes, sha256, verified, encoding, requests }: Downloaded,
  { url, target }: { readonly url: URL; readonly target: string },
  { json = false }: StageGetOptions,
  context: Context,
): void {
  const of = redacted(url);
  if (json)
    return printJson(context, {
      path: target,
      from: of,
      bytes,
      sha256,
      verified,
      encoding: encoding ?? null,
      requests,
    });
  printLine(context, printable(`${target}  ${bytesText(bytes)}  sha256 ${sha256}`));
  if (encoding !== undefined)
    tell(
      context,
      printable(`${of} was sent as ${encoding}, which was not asked for: kept as it came`),
    );
  if (!verified)
    tell(context, "not verified: nothing says what its bytes should be; --sha256 does");
}
