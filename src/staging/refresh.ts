import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Failure } from "../errors.ts";
import { redacted } from "../storage/location.ts";
import { readText } from "../storage/read-text.ts";
import type { Storages } from "../storage/index.ts";

const run = promisify(execFile);
/** Bytes of an answer: a URL is shorter. */
const MOST_BYTES = 64 * 1024;
/** Time that an answer may take, ms. */
const PATIENCE_MS = 60_000;

/**
 * Asks for another URL of an object whose URL has expired: an endpoint that answers `{"url": "…"}`, or
 * a command that prints that, or the URL alone.
 * @throws Failure URL_EXPIRED where none can be had
 */
export async function renewedUrl(
  refresh: string | readonly string[],
  options: {
    readonly of: URL;
    readonly storages: Storages;
    readonly signal: AbortSignal;
  },
): Promise<URL> {
  const { of } = options;
  try {
    const isEndpoint = typeof refresh === "string";
    const text = isEndpoint
      ? await asked(new URL(refresh), options)
      : await printed(refresh, options);
    return urlIn(text);
  } catch (error) {
    options.signal.throwIfAborted();
    // The answer may have a signed URL in it: it is not repeated.
    const code =
      error instanceof Failure ? `${error.code}: ${error.message}` : "no URL in its answer";
    const message = `${redacted(of)}: its time is over, and refresh gives no other one (${code})`;
    throw new Failure("URL_EXPIRED", message);
  }
}

async function asked(
  url: URL,
  { storages, signal }: { readonly storages: Storages; readonly signal: AbortSignal },
): Promise<string> {
  const request = { start: 0, version: undefined, stallMs: PATIENCE_MS, signal };
  return readText(await storages.of(url).read(url, request), MOST_BYTES, url);
}

async function printed(
  [command = "", ...args]: readonly string[],
  { signal }: { readonly signal: AbortSignal },
): Promise<string> {
  try {
    const options = { timeout: PATIENCE_MS, maxBuffer: MOST_BYTES, signal };
    return (await run(command, args, options)).stdout;
  } catch {
    throw new Failure("UNREACHABLE", `the command ${command} fails`);
  }
}

/** Only a web address: the answer could otherwise have files of this machine staged. */
function urlIn(text: string): URL {
  const trimmed = text.trim();
  const found = trimmed.startsWith("{")
    ? (JSON.parse(trimmed) as { readonly url?: unknown }).url
    : trimmed;
  const url = new URL(String(found));
  if (isWeb(url)) return url;
  throw new Failure("PATH_REFUSED", "its answer is no https:// or http:// address");
}

function isWeb({ protocol }: URL): boolean {
  return protocol === "https:" || protocol === "http:";
}
