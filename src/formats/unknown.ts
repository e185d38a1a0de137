import { NoSample } from "../errors.ts";
import { decodeText, isText } from "../lib/encoding.ts";
import { mediaTypeOf } from "../lib/signature.ts";
import { factsOf } from "./facts/facts-of.ts";
import type { Format, Recognised, SampleRequest, SampleStream } from "./types.ts";

const SHOWN_LINES = 10;
const SHOWN_CHARACTERS = 400;

/**
 * The format of files that have no sample of their own: they are described instead. Last in the
 * list; takes anything.
 */
export const unknown: Format = {
  name: "metadata",
  extensions: [],
  kind: "binary",
  sampleExtension: ".meta.json",
  sample: describe,
};

async function* describe(request: SampleRequest, recognised: Recognised): SampleStream {
  const { source, depth, signal } = request;
  const reason = recognised.reason ?? "unknown type";
  if (depth > 0) throw new NoSample(`what it holds: ${reason}`);
  const head = await source.head();
  const text = isText(head);
  const { facts, fault } = await factsOf(source, signal);
  const description = {
    original: source.name,
    size: source.size,
    mtime: source.mtime,
    type: text ? "text" : "binary",
    mediaType: mediaTypeOf(head, source.name) ?? (text ? "text/plain" : "application/octet-stream"),
    reason,
    ...facts,
    ...(text ? { lines: firstLines(head) } : {}),
  };
  yield Buffer.from(`${JSON.stringify(description, null, 2)}\n`);
  const warnings = fault === undefined ? [] : [`what it holds cannot be told: ${fault}`];
  return { format: "metadata", complete: false, reason, warnings };
}

function firstLines(head: Uint8Array): string[] {
  const lines = decodeText(head.subarray(0, 8192)).split(/\r\n|\n|\r/, SHOWN_LINES);
  return lines.map((line) => line.slice(0, SHOWN_CHARACTERS));
}
