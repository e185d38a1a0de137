import { NoSample } from "../../errors.ts";
import { encodingOf } from "../../lib/encoding.ts";
import type { Format, SampleRequest, SampleStream } from "../types.ts";
import { jsonScanner } from "./scanner.ts";
import { firstLineOf, isAcrossLines, isJsonLines, isSeveral, whyInvalid } from "./shape.ts";
import { drawText } from "../strategies/draw-text.ts";
import { lines } from "../lines/lines.ts";
import { textOfLines } from "../strategies/lines-text.ts";

/** The reason why JSON without lines is sampled from its start. */
const NO_LINES = "elements of JSON cannot be told from the middle";

/** JSON: an array or the outermost arrays of an object are cut between elements, verbatim. */
export const json: Format = {
  name: "json",
  extensions: [".json", ".geojson", ".topojson", ".jsonld", ".ipynb", ".har"],
  kind: "text",
  async *sample(request): SampleStream {
    const head = await request.source.head();
    const encoding = encodingOf(head);
    const { unitBytes } = encoding;
    if (unitBytes > 1) throw new NoSample(`JSON in UTF-${8 * unitBytes}`);
    if (!isJsonLines(head, encoding)) return yield* sampleValues(request);
    const summary = yield* lines(request, "jsonl", true);
    return { ...summary, warnings: warningsOf(whyInvalid(firstLineOf(head, encoding))) };
  },
  async draw(request, strategy) {
    const head = await request.source.head();
    const encoding = encodingOf(head);
    if (!isJsonLines(head, encoding)) return NO_LINES;
    const warnings = warningsOf(whyInvalid(firstLineOf(head, encoding)));
    return drawText(textOfLines(head, "jsonl", true, warnings), request, strategy);
  },
};

/**
 * JSON Lines: lines that are not blank, verbatim; or values, where these do not stand on a line
 * each.
 */
export const jsonl: Format = {
  name: "jsonl",
  extensions: [".jsonl", ".ndjson", ".jsonlines", ".geojsonl", ".geojsons"],
  kind: "text",
  async *sample(request): SampleStream {
    const head = await request.source.head();
    if (!isAcrossLines(head, encodingOf(head))) return yield* lines(request, "jsonl", true);
    const summary = yield* sampleValues(request);
    const misnamed = `named ${request.source.name}, but holds one value, not lines of them`;
    return summary.warnings.length > 0 ? summary : { ...summary, warnings: [misnamed] };
  },
  async draw(request, strategy) {
    const head = await request.source.head();
    if (isAcrossLines(head, encodingOf(head))) return NO_LINES;
    return drawText(textOfLines(head, "jsonl", true), request, strategy);
  },
};

async function* sampleValues({ source, limits }: SampleRequest): SampleStream {
  const head = await source.head();
  const scanner = jsonScanner(limits, isSeveral(head, encodingOf(head)));
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

  const { several, commas, ...result } = scanner.result();
  const bytes = Buffer.concat(kept);
  const flaw = several ? whyNotLines(bytes, commas) : whyInvalid(bytes);
  return {
    format: several ? "jsonl" : "json",
    complete: result.cut === undefined,
    ...result,
    warnings: warningsOf(flaw),
  };
}

function warningsOf(flaw: string | undefined): string[] {
  return flaw === undefined ? [] : [`not valid JSON: ${flaw}`];
}

/**
 * The reason why several values are not JSON Lines; undefined when the first one has a line of its
 * own.
 */
function whyNotLines(bytes: Uint8Array, commas: boolean): string | undefined {
  if (commas) return "values with commas between them, but no brackets around";
  const isLine = whyInvalid(firstLineOf(bytes, encodingOf(bytes))) === undefined;
  return isLine ? undefined : "several values, not each on a line of its own";
}
