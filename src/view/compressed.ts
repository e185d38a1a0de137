import { type Compression, innerName } from "../formats/compressed/compression.ts";
import { compressions as all } from "../formats/compressed/decompress.ts";
import { tarName } from "../formats/compressed/wrap.ts";
import { errorMessage, Failure } from "../errors.ts";
import { collect } from "../lib/collect.ts";
import type { Shown, ViewAny, ViewRequest } from "./viewer.ts";

/** Compressions by the names of formats that are compressed so. */
export const compressions: ReadonlyMap<string, Compression> = new Map(
  all.flatMap((compression) => [
    [compression.name, compression],
    [tarName(compression.name), compression],
  ]),
);

/** Shows a compressed sample. @throws Failure FORMAT_INVALID, LIMIT_EXCEEDED */
export async function viewCompressed(
  compression: Compression,
  request: ViewRequest,
  viewAny: ViewAny,
): Promise<Shown> {
  const { bytes, isCut } = await unpacked(compression, request);
  const name = innerName(compression, request.name, request.extensions);
  const view = await viewAny({ ...request, bytes, name, depth: request.depth + 1 });
  const warnings = isCut ? ["what it holds is large: its beginning is shown"] : [];
  return { ...view, warnings: [...warnings, ...view.warnings] };
}

async function unpacked(
  { name, decompress }: Compression,
  { bytes }: ViewRequest,
): ReturnType<typeof collect> {
  try {
    return await collect(decompress(only(bytes)));
  } catch (error) {
    if (error instanceof Failure) throw error;
    const message = `damaged or truncated ${name}: ${errorMessage(error)}`;
    throw new Failure("FORMAT_INVALID", message, { cause: error });
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}
