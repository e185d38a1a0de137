import { Failure, NoSample } from "../../errors.ts";
import { decodeText, type Encoding, encodingOf } from "../../lib/encoding.ts";
import { HEAD_BYTES } from "../../lib/source.ts";
import { byteWindow } from "../json/byte-window.ts";
import { lines } from "../lines/lines.ts";
import type { Format, SampleRequest, SampleStream } from "../types.ts";
import { xmlCutter } from "./cutter.ts";

const EXTENSIONS = [
  "xml rss atom kml gpx svg osm gml rdf owl xsd xsl xslt wsdl plist opml xspf",
  "graphml gexf tcx tmx xlf xliff musicxml cml mzml mzxml sbml dae",
].flatMap((some) => some.split(" ").map((extension) => `.${extension}`));
/** Encodings in which markup is not ASCII, or ASCII not markup. */
const FOREIGN = /^(utf-?(16|32|7)|ucs|iso-10646|iso-2022|hz-|ebcdic|ibm|cp037|scsu|bocu)/i;
const LT = 0x3c;
/** Limits under which nothing of a text's beginning is too much. */
const UNLIMITED = { rows: Infinity, bytes: Infinity, recordBytes: Infinity };

/** XML: the first children of one name, as many as rows, of the first parent that has so many. */
export const xml: Format = {
  name: "xml",
  extensions: EXTENSIONS,
  kind: "text",
  async *sample(request): SampleStream {
    const head = await request.source.head();
    const encoding = encodingOf(head);
    checkEncoding(head, encoding);
    if (beginsLikeXml(head, encoding)) return yield* sampleElements(request, encoding);
    const summary = yield* lines(request, "text");
    return { ...summary, warnings: [`named ${request.source.name}, but does not hold XML`] };
  },
};

/** True when a text without a name of its own reads as XML, from its first tag on; HTML does not. */
export function looksLikeXml(beginning: Uint8Array): boolean {
  const { bom, unitBytes } = encodingOf(beginning);
  const first = beginning.subarray(bom).find((byte) => byte > 0x20);
  if (unitBytes > 1 || first !== LT) return false;
  const start = decodeText(beginning.subarray(bom, 1024));
  if (/<(!doctype\s+)?html\b/i.test(start)) return false;
  const cutter = xmlCutter(UNLIMITED, bom);
  // Nothing has ended the scan: no tag contradicts.
  return !cutter.feed(beginning) && cutter.safe() > 0;
}

/** @throws NoSample for an encoding that cannot be walked byte by byte */
function checkEncoding(head: Uint8Array, { unitBytes, bom }: Encoding): void {
  if (unitBytes > 1) throw new NoSample(`XML in UTF-${8 * unitBytes}`);
  const declaration = decodeText(head.subarray(bom, bom + 200));
  const [, encoding = ""] = /^<\?xml[^>]*?encoding\s*=\s*["']([^"']+)/.exec(declaration) ?? [];
  // A text that says UTF-16 in ASCII is wrong: its bytes are what they are.
  if (FOREIGN.test(encoding) && !/^utf-?16/i.test(encoding))
    throw new NoSample(`XML in ${encoding}`);
}

/** True when an element has ended before anything contradicts, as far as can be seen. */
function beginsLikeXml(head: Uint8Array, { bom }: Encoding): boolean {
  // It ends with the first element that does.
  const cutter = xmlCutter({ ...UNLIMITED, bytes: 0 }, bom);
  const isOver = cutter.feed(head);
  if (cutter.safe() >= 0) return true;
  return !isOver && head.length === HEAD_BYTES;
}

async function* sampleElements({ source, limits }: SampleRequest, { bom }: Encoding): SampleStream {
  const cutter = xmlCutter(limits, bom);
  const window = byteWindow();
  let scanned = 0;
  for await (const chunk of source.stream()) {
    window.add(chunk);
    scanned += chunk.length;
    const isOver = cutter.feed(chunk);
    window.keepUntil(cutter.safe());
    yield* window.take();
    if (isOver) break;
  }
  const { rows, cut, fault, closers } = cutter.finish();
  if (fault !== undefined && cutter.safe() < 0) {
    throw new Failure("FORMAT_INVALID", `not well-formed XML: ${fault}`);
  }
  const complete = cut === undefined && fault === undefined;
  if (complete) window.keepUntil(scanned);
  window.append(Buffer.from(closers, "latin1"));
  yield* window.take();
  return {
    format: "xml",
    rows,
    complete,
    ...(cut === undefined ? {} : { cut }),
    warnings:
      fault === undefined ? [] : [`not well-formed XML: ${fault}; what came before is kept`],
  };
}
