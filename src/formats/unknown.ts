import { NoSample } from "../errors.ts";
import { decodeText, isText } from "../lib/encoding.ts";
import { mediaTypeOf } from "../lib/signature.ts";
import type { Format, Recognised, SampleRequest, SampleStream } from "./types.ts";

/**
 * Extensions of files that are described as a rule: a first guess, before a file was looked at.
 * Where it is wrong, the sample gets another name.
 */
const OFTEN_DESCRIBED = new RegExp(
  [
    "h5|hdf5|nc|npy|npz|pkl|pickle|sas7bdat|sav|dta",
    "xls|xlsb|docx|pptx|od[pst]|epub|pdf",
    "png|jpe?g|gif|bmp|tiff?|webp|ico|mp[34]|wav",
    "7z|rar|jar|whl|apk|bin|exe|so",
  ]
    .map((some) => `\\.(${some})$`)
    .join("|"),
  "i",
);

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
  draw: async () => "it is only described",
};

/** True for names of files that are described as a rule. */
export function isOftenDescribed(name: string): boolean {
  return OFTEN_DESCRIBED.test(name);
}

async function* describe(request: SampleRequest, recognised: Recognised): SampleStream {
  const { source, depth, signal } = request;
  const reason = recognised.reason ?? "unknown type";
  if (depth > 0) throw new NoSample(`what it holds: ${reason}`);
  const head = await source.head();
  const text = isText(head);
  // As with `loadedLater`: most lakes have no such file.
  const { factsOf } = await import("./facts/facts-of.ts");
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
  return { format: "metadata", described: true, complete: false, reason, warnings };
}

function firstLines(head: Uint8Array): string[] {
  const lines = decodeText(head.subarray(0, 8192)).split(/\r\n|\n|\r/, SHOWN_LINES);
  return lines.map((line) => line.slice(0, SHOWN_CHARACTERS));
}
