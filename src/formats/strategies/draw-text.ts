import type { SampleRequest, SampleStream, Strategy } from "../types.ts";
import { type Draws, drawsFrom } from "./draws.ts";
import { evenly } from "./evenly.ts";
import { partsIn, partsWithin } from "./places.ts";
import { insteadOf } from "./instead-of.ts";
import { readThrough } from "./read-through.ts";
import type { Borders, RecordText } from "./record-text.ts";
import { reservoir } from "./reservoir.ts";
import { spreadWindows } from "./spread-windows.ts";

/** Bytes of a window, at least and at most. */
const LEAST_BYTES = 64 * 1024;
const MOST_BYTES = 1024 * 1024;
/** Records, as long as the longest of the head, that a window has room for at least. */
const WINDOW_RECORDS = 32;

/** A text to sample, and the way to do it. */
interface Drawing {
  readonly text: RecordText;
  readonly request: SampleRequest;
  readonly size: number;
  readonly parts: number;
  readonly draws: Draws;
  /** The reason why it may not be read through; undefined where it may. */
  readonly tooLarge: string | undefined;
}

/**
 * Begins a sample of a text by a strategy; returns the reason where there is none. A reservoir is
 * drawn where all of the file may be read, else it becomes a spread, and says so.
 */
export async function drawText(
  text: RecordText,
  request: SampleRequest,
  { name, parts, seed }: Strategy,
): Promise<SampleStream | string> {
  const { source, limits } = request;
  const { size } = source;
  if (size === undefined) return "its size is not known before it is read";
  const draws = drawsFrom(`${seed}\0${size}`);
  const tooLarge =
    size > limits.readBytes
      ? `it is larger than limits.readBytes (${limits.readBytes} bytes)`
      : undefined;
  const drawing = { text, request, size, parts, draws, tooLarge };
  if (name === "spread") return spreadText(drawing);
  if (tooLarge !== undefined) return insteadOf("a reservoir", tooLarge, await spreadText(drawing));
  return readThrough(text, request, (room) => reservoir(limits.rows, room, draws));
}

/** Begins a spread: a small file is read through, of a large one only some windows are read. */
async function spreadText(drawing: Drawing): Promise<SampleStream | string> {
  const { text, request, size, parts, draws, tooLarge } = drawing;
  const { limits } = request;
  const borders = text.borders();
  const most = Math.min(parts, limits.rows);
  if (most < 2) return "one row has no parts";
  const window = windowFor(borders, Math.ceil(limits.rows / most));
  if (partsIn(size, window) < most) {
    if (tooLarge !== undefined) return tooLarge;
    return readThrough(text, request, (room) =>
      evenly({ size, parts: most, rows: limits.rows, room, draws }),
    );
  }
  if (typeof borders === "string") return borders;
  const count = Math.min(most, partsWithin(limits.readBytes, window));
  if (count < 2) return "limits.readBytes leaves no room for several parts";
  return spreadWindows({ text, borders, size, count, window, draws }, request);
}

/** Bytes that are looked at in each place: records as long as those of the head fit several times. */
export function windowFor(borders: Borders | string, rows: number): number {
  const longest = typeof borders === "string" ? 0 : borders.longest;
  const wanted = longest * Math.max(WINDOW_RECORDS, rows + 2);
  return Math.min(Math.max(LEAST_BYTES, wanted), MOST_BYTES);
}
