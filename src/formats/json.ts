import { errorMessage, NoSample } from "../errors.ts";
import { decodeText, encodingOf, utf8 } from "../lib/encoding.ts";
import type { Format, SampleRequest, SampleStream } from "../types.ts";
import { jsonScanner } from "./json-scanner.ts";
import { jsonl } from "./text.ts";

/** JSON: an array or the outermost arrays of an object are cut between elements, verbatim. */
export const json: Format = {
  name: "json",
  extensions: [".json", ".geojson"],
  kind: "text",
  async *sample(request, recognised): SampleStream {
    const head = await request.source.head();
    if (isJsonLines(head)) return yield* jsonl.sample(request, recognised);
    return yield* sampleJson(request, head);
  },
};

async function* sampleJson({ source, limits }: SampleRequest, head: Uint8Array): SampleStream {
  const { unitBytes } = encodingOf(head);
  if (unitBytes > 1) throw new NoSample(`JSON in UTF-${8 * unitBytes}`);
  const scanner = jsonScanner(limits);
  const kept: Uint8Array[] = [];
  for await (const chunk of source.stream()) {
    const pieces = scanner.feed(chunk);
    kept.push(...pieces);
    yield* pieces;
    if (scanner.done()) break;
  }
  const last = scanner.finish();
  kept.push(...last);
  yield* last;

  const { several, ...result } = scanner.result();
  const bytes = Buffer.concat(kept);
  const flaw = several ? whyNotLines(bytes) : whyInvalid(bytes);
  return {
    format: several ? "jsonl" : "json",
    complete: result.cut === undefined,
    ...result,
    warnings: flaw === undefined ? [] : [`not valid JSON: ${flaw}`],
  };
}

/** Why several values are no JSON Lines, or undefined when the first one has a line of its own. */
function whyNotLines(bytes: Uint8Array): string | undefined {
  const start = bytes.findIndex((byte) => byte > 0x20);
  const end = bytes.indexOf(0x0a, start);
  const isLine = end >= 0 && whyInvalid(bytes.subarray(start, end)) === undefined;
  return isLine ? undefined : "several values, not each on a line of its own";
}

/** True when the first line is a JSON value of its own and another line follows. */
function isJsonLines(head: Uint8Array): boolean {
  const start = head.findIndex((byte) => byte > 0x20);
  const end = start < 0 ? -1 : head.indexOf(0x0a, start);
  if (end < 0 || head.subarray(end).every((byte) => byte <= 0x20)) return false;
  const line = decodeText(head.subarray(start, end)).trim();
  const next = head.subarray(end).find((byte) => byte > 0x20);
  const opens = next === 0x7b || next === 0x5b || !/^[[{]/.test(line);
  return opens && whyInvalid(head.subarray(start, end)) === undefined;
}

/** Why these bytes are not one JSON value in UTF-8, or undefined when they are. */
function whyInvalid(bytes: Uint8Array): string | undefined {
  try {
    JSON.parse(utf8.decode(bytes));
    return undefined;
  } catch (error) {
    return errorMessage(error).slice(0, 200);
  }
}
