import { Failure, NoSample } from "../../errors.ts";
import { utf8 } from "../../lib/encoding.ts";
import type { Source } from "../../lib/source.ts";
import { type SampledMember, sampleMember } from "../archive/member.ts";
import type { SampleRequest } from "../types.ts";
import type { TarEntry } from "./walk.ts";
import type { TarMember } from "./writer.ts";

type Slice = NonNullable<Source["slice"]>;

/** A sample of one member of a tar. */
export type SampledTarMember = SampledMember & TarMember;

const STEP_BYTES = 64 * 1024;

/** The name of a member, as UTF-8 where its bytes are that, else as Latin-1. */
export function nameOf({ name }: TarEntry): string {
  try {
    return utf8.decode(name);
  } catch {
    return Buffer.from(name).toString("latin1");
  }
}

/**
 * A sample of one member; undefined, with a warning, where it can only be listed. `slice` is asked for
 * ascending offsets, up to the end of its data at most.
 * @throws what is not the file's fault
 */
export async function sampleTarMember(
  request: SampleRequest,
  slice: Slice,
  entry: TarEntry,
  warnings: string[],
): Promise<SampledTarMember | undefined> {
  const member = { name: nameOf(entry), data: dataOf(slice, entry), damage: () => undefined };
  const sampled = await sampleMember(request, member, warnings);
  return sampled && { ...sampled, mtime: entry.mtime };
}

async function* dataOf(
  slice: Slice,
  { dataAt, stored, isSparse }: TarEntry,
): AsyncGenerator<Uint8Array, void, void> {
  if (isSparse) throw new NoSample("a sparse file");
  for (let at = dataAt, end = dataAt + stored; at < end;) {
    const chunk = await slice(at, Math.min(at + STEP_BYTES, end));
    if (chunk.length === 0) throw new Failure("FORMAT_INVALID", "it is cut off");
    yield chunk;
    at += chunk.length;
  }
}
