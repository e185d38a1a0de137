import { type SampledMember, sampleMember } from "../archive/member.ts";
import type { SampleRequest } from "../types.ts";
import { STORED } from "./methods.ts";
import type { OpenZip, ZipEntry } from "./reader.ts";
import { damageOf, nothingRead, unpackMember } from "./unpack.ts";
import type { ZipMember } from "./writer.ts";

/** A sample of one member of a zip. */
export type SampledZipMember = SampledMember & ZipMember;

/**
 * A sample of one member; undefined, with a warning, where it can only be listed.
 * @throws what is not the file's fault
 */
export async function sampleZipMember(
  request: SampleRequest,
  archive: OpenZip,
  entry: ZipEntry,
  warnings: string[],
): Promise<SampledZipMember | undefined> {
  const { name, mtime, method } = entry;
  const read = nothingRead();
  const data = unpackMember(archive, entry, request.limits, read);
  const damage = () => damageOf(entry, read);
  const sampled = await sampleMember(request, { name, data, damage }, warnings);
  return sampled && { ...sampled, mtime, isDeflated: method !== STORED };
}
