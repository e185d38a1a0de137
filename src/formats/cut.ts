import { cutChunks } from "../lib/records.ts";
import { HEAD_BYTES } from "../lib/source.ts";
import type {
  CutterOf,
  Format,
  Recognised,
  SampleRequest,
  SampleStream,
  WholeSample,
} from "./types.ts";

/** A format whose samples are cut from the start of a source. */
export function cutFormat(format: Omit<Format, "sample"> & { readonly cutter: CutterOf }): Format {
  return { ...format, sample: (request) => cutStream(request, format.cutter) };
}

/** Samples a source with a cutter. @throws what the cutter throws */
export async function* cutStream(request: SampleRequest, cutterOf: CutterOf): SampleStream {
  const { source } = request;
  const cutter = cutterOf(await source.head(), request);
  yield* cutChunks(source.stream(), cutter);
  return cutter.summary();
}

/**
 * The sample of a source that has these first bytes, in one piece, after the step that the request
 * has for it; undefined where more bytes are needed, or its format is not cut. Takes no stream: those
 * take longer than cutting. The piece may be in the memory of the first bytes.
 * @throws what the cutter and the step throw
 */
export async function sampleHead(
  found: Recognised,
  head: Uint8Array,
  request: SampleRequest,
): Promise<Pick<WholeSample, "bytes" | "summary"> | undefined> {
  const cut = cutHead(found, head, request);
  return cut === undefined || request.through === undefined ? cut : request.through.step(cut);
}

function cutHead(
  found: Recognised,
  head: Uint8Array,
  request: SampleRequest,
): WholeSample | undefined {
  const { cutter: cutterOf } = found.format;
  const { strategy, depth } = request;
  const isDrawn = strategy !== undefined && depth === 0;
  if (cutterOf === undefined || isDrawn) return undefined;
  const cutter = cutterOf(head, request);
  const pieces = cutter.feed(head);
  if (!cutter.isDone() && head.length >= HEAD_BYTES) return undefined;
  pieces.push(...cutter.finish());
  const bytes = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
  return { bytes, summary: cutter.summary(), found, request };
}
