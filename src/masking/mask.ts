import type { KeyObject } from "node:crypto";
import type { MaskSettings } from "../config/mask-settings.ts";
import { Failure, type FailureCode } from "../errors.ts";
import type { Recognised, SampleRequest, SampleSummary } from "../formats/types.ts";
import type { CellMask } from "./cells.ts";
import { columnRules } from "./columns.ts";
import { maskCsv } from "./csv.ts";
import { withoutContent } from "./description.ts";
import { maskFingerprint } from "./fingerprint.ts";
import { maskJson, maskJsonLines } from "./json.ts";
import type { MaskedSample, ToMask } from "./masked-sample.ts";
import { neutralMessage, neutralSummary } from "./neutral.ts";
import { impossible, ownReason } from "./reasons.ts";
import { maskValueBy } from "./transforms.ts";

/** A sample in one piece, with what is known of it. */
export interface Unmasked {
  readonly bytes: Uint8Array;
  readonly summary: SampleSummary;
  readonly found: Recognised;
  readonly request: Pick<SampleRequest, "source">;
}

/** A limit on what samples, and all that is told of them, show of some datasets. */
export interface Mask {
  /** Tells this mask from others, and this key: as receipts and the cache have it. */
  readonly fingerprint: string;
  /** A token for the name of a file, under which its sample hides it. */
  nameFor(raw: string): string;
  /** Checks what is recognised, outside or in a container. @throws NoSample for what lists names */
  check(found: Recognised): void;
  /**
   * Masks a sample, or strips a description.
   * @throws NoSample for what cannot be masked value by value: its source is described
   */
  step(sample: Unmasked): Promise<Pick<Unmasked, "bytes" | "summary">>;
  /** A summary that quotes nothing of a file. To be applied when all parts are together. */
  summary(summary: SampleSummary): SampleSummary;
  /** The message of a failure that quotes nothing of a file. */
  message(code: FailureCode, message: string): string;
}

type Masker = (sample: ToMask, mask: CellMask) => MaskedSample | Promise<MaskedSample>;

/** The masker for the format that a sample has in the end. */
const maskers: Readonly<Record<string, Masker>> = {
  // Loaded with the first of them: a process without masks does without.
  avro: async (...all) => (await import("./avro.ts")).maskAvro(...all),
  parquet: async (...all) => (await import("./parquet.ts")).maskParquet(...all),
  csv: maskCsv,
  json: maskJson,
  jsonl: maskJsonLines,
};

/** Makes the mask for settings and their key. */
export function createMask(settings: MaskSettings, key: KeyObject): Mask {
  const { columns, names } = settings;
  const mask = { settings, rules: columnRules(columns), maskValue: maskValueBy(key) };
  return {
    fingerprint: maskFingerprint(settings, key),
    nameFor: (raw) => mask.maskValue("token", "name of a file", "text", raw) as string,
    check({ format }) {
      const isArchive = format.packs === true && /^(zip|tar)(\.|$)/.test(format.name);
      if (names === "redact" && isArchive) throw impossible("listing");
    },
    async step(sample) {
      const { bytes, summary, found, request } = sample;
      const { format } = found;
      if (format.name === "metadata") return described(sample, names === "keep");
      if (format.name === "empty") return { bytes, summary };
      if (format.name === "tar") {
        if (names === "redact") throw impossible("listing");
        return { bytes, summary };
      }
      // What is named so may hold something else, which its summary tells.
      const masker = Object.hasOwn(maskers, format.name) ? maskers[summary.format] : undefined;
      if (masker === undefined) throw impossible("format");
      const { source } = request;
      const whole = { bytes, name: source.name, head: await source.head() };
      const masked = await maskedBy(masker, whole, mask);
      const warnings = [...summary.warnings, ...masked.warnings];
      return { bytes: masked.bytes, summary: { ...summary, warnings } };
    },
    summary: (summary) => neutralSummary(summary, settings),
    message: neutralMessage,
  };
}

/** Masks a sample; one that is not as its format has it cannot be. @throws NoSample */
async function maskedBy(masker: Masker, sample: ToMask, mask: CellMask): Promise<MaskedSample> {
  try {
    return await masker(sample, mask);
  } catch (error) {
    throw error instanceof Failure ? impossible("format") : error;
  }
}

function described(
  { bytes, summary }: Unmasked,
  isNamed: boolean,
): Pick<Unmasked, "bytes" | "summary"> {
  const reason = ownReason(summary.reason);
  return { bytes: withoutContent(bytes, reason, isNamed), summary: { ...summary, reason } };
}
