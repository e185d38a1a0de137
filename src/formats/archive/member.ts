import type { Cut } from "../../lib/records.ts";
import { streamSource } from "../../lib/source.ts";
import { faultOf } from "../fault.ts";
import { collectSample, sampleInside } from "../sample-with.ts";
import type { SampleRequest } from "../types.ts";

/** A file in an archive. */
export interface Member {
  /** Its path in the archive. */
  readonly name: string;
  /** Its data. @throws NoSample where it cannot be unpacked; what reading throws */
  readonly data: AsyncGenerator<Uint8Array, unknown, void>;
  /** The damage that its data shows once it was read; undefined where there is none. */
  damage(): string | undefined;
}

/** The sample of a member. */
export interface SampledMember {
  /** The name, as in the original; who writes it makes it safe. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly format: string;
  readonly rows: number | undefined;
  readonly complete: boolean;
  readonly cut: Cut | undefined;
}

/**
 * A sample of one member; undefined, with a warning, where it can only be listed.
 * @throws what is not the file's fault
 */
export async function sampleMember(
  request: SampleRequest,
  { name, data, damage }: Member,
  warnings: string[],
): Promise<SampledMember | undefined> {
  try {
    const source = streamSource(name.slice(name.lastIndexOf("/") + 1), data);
    const inner = { ...request, source, depth: request.depth + 1 };
    const found = await request.recognise(inner);
    const { bytes, summary } = await collectSample(sampleInside(found, inner));
    const fault = damage();
    const told = [...summary.warnings, fault].filter((one) => one !== undefined);
    warnings.push(...told.map((warning) => `${name}: ${warning}`));
    return {
      name: name + (found.format.sampleExtension ?? ""),
      bytes,
      format: summary.format,
      rows: summary.rows,
      complete: summary.complete && fault === undefined,
      cut: summary.cut,
    };
  } catch (error) {
    warnings.push(`${name}: listed only: ${faultOf(error, request.signal)}`);
    return undefined;
  } finally {
    await data.return(undefined);
  }
}
