import { recordsOfLines } from "./lines/lines.ts";
import { logRule } from "./lines/log.ts";
import { drawText } from "./strategies/draw-text.ts";
import { textOfLines } from "./strategies/lines-text.ts";
import type { Format } from "./types.ts";

/** Plain lines, verbatim; of a log with times the entries, with the lines that belong to them. */
export const text: Format = {
  name: "text",
  extensions: [".txt", ".log"],
  kind: "text",
  sample: (request) => recordsOfLines(request, "text", logRule),
  async draw(request, strategy) {
    return drawText(textOfLines(await request.source.head(), "text", false), request, strategy);
  },
};
