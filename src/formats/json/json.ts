import { NoSample } from "../../errors.ts";
import { encodingOf } from "../../lib/encoding.ts";
import { cutFormat } from "../cut.ts";
import type { Format, SampleCutter, SampleRequest } from "../types.ts";
import { jsonScanner } from "./scanner.ts";
import { firstLineOf, isAcrossLines, isJsonLines, isSeveral, whyInvalid } from "./shape.ts";
import { drawText } from "../strategies/draw-text.ts";
import { cutLines } from "../lines/lines.ts";
import { textOfLines } from "../strategies/lines-text.ts";

/** The reason why JSON without lines is sampled from its start. */
const NO_LINES = "elements of JSON cannot be told from the middle";
const JSON_LINES = { format: "jsonl", skipBlank: true };

/** JSON: an array or the outermost arrays of an object are cut between elements, verbatim. */
export const json: Format = cutFormat({
  name: "json",
  extensions: [".json", ".geojson", ".topojson", ".jsonld", ".ipynb", ".har"],
  kind: "text",
  cutter(head, request) {
    const encoding = encodingOf(head);
    const { unitBytes } = encoding;
    if (unitBytes > 1) throw new NoSample(`JSON in UTF-${8 * unitBytes}`);
    if (!isJsonLines(head, encoding)) return cutValues(head, request);
    const cutter = cutLines(head, request, JSON_LINES);
    const warnings = warningsOf(whyInvalid(firstLineOf(head, encoding)));
    return { ...cutter, summary: () => ({ ...cutter.summary(), warnings }) };
  },
  async draw(request, strategy) {
    const head = await request.source.head();
    const encoding = encodingOf(head);
    if (!isJsonLines(head, encoding)) return NO_LINES;
    const warnings = warningsOf(whyInvalid(firstLineOf(head, encoding)));
    return drawText(textOfLines(head, "jsonl", true, warnings), request, strategy);
  },
});

/**
 * JSON Lines: lines that are not blank, verbatim; or values, where these do not stand on a line
 * each.
 */
export const jsonl: Format = cutFormat({
  name: "jsonl",
  extensions: [".jsonl", ".ndjson", ".jsonlines", ".geojsonl", ".geojsons"],
  kind: "text",
  cutter(head, request) {
    if (!isAcrossLines(head, encodingOf(head))) return cutLines(head, request, JSON_LINES);
    const cutter = cutValues(head, request);
    const misnamed = `named ${request.source.name}, but holds one value, not lines of them`;
    return {
      ...cutter,
      summary() {
        const summary = cutter.summary();
        return summary.warnings.length > 0 ? summary : { ...summary, warnings: [misnamed] };
      },
    };
  },
  async draw(request, strategy) {
    const head = await request.source.head();
    if (isAcrossLines(head, encodingOf(head))) return NO_LINES;
    return drawText(textOfLines(head, "jsonl", true), request, strategy);
  },
});

function cutValues(head: Uint8Array, { limits }: SampleRequest): SampleCutter {
  const scanner = jsonScanner(limits, isSeveral(head, encodingOf(head)));
  const kept: Uint8Array[] = [];
  return {
    feed: (chunk) => keep(scanner.feed(chunk)),
    isDone: scanner.done,
    finish: () => keep(scanner.finish()),
    summary() {
      const { several, commas, ...result } = scanner.result();
      const bytes = Buffer.concat(kept);
      const flaw = several ? whyNotLines(bytes, commas) : whyInvalid(bytes);
      return {
        format: several ? "jsonl" : "json",
        complete: result.cut === undefined,
        ...result,
        warnings: warningsOf(flaw),
      };
    },
  };

  function keep(pieces: Uint8Array[]): Uint8Array[] {
    kept.push(...pieces);
    return pieces;
  }
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
