import type { WholeSample } from "../../formats/types.ts";
import { type CheckedSample, checkSample } from "./check.ts";
import { chooseObject } from "./choose-object.ts";
import type { CheckSettings, CompiledContract } from "./plan.ts";
import { counted } from "./results.ts";
import { errorOf, type Validation, validationOf } from "./validation.ts";

/** A contract as its file was last read: `label` is as in `Validation.contract`. */
export type LoadedContract =
  | { readonly label: string; readonly compiled: CompiledContract }
  | { readonly label: string; readonly reason: string };

/** Settings of a dataset about its contract. */
export interface ContractSettings extends CheckSettings {
  /** Globs for raws, and the names of the objects that they are held to. */
  readonly objects: Readonly<Record<string, string>>;
}

/** Holds the samples of one file to a contract. */
export interface ContractCheck {
  take(sample: WholeSample): Promise<void>;
  /** The samples that were checked. */
  readonly samples: readonly CheckedSample[];
  /** The verdict, once the samples are taken; undefined where the file is held to nothing. */
  verdict(): Validation | undefined;
}

/** Creates the check for a file; it never throws, since a finding must not keep a sample back. */
export function createContractCheck(
  loaded: LoadedContract,
  raw: string,
  settings: ContractSettings,
): ContractCheck {
  const { label } = loaded;
  const samples: CheckedSample[] = [];
  let reason = "reason" in loaded ? loaded.reason : undefined;
  return {
    samples,
    async take(sample) {
      if ("reason" in loaded || reason !== undefined) return;
      const { depth, source } = sample.request;
      const { compiled } = loaded;
      const paths = depth === 0 ? [raw] : [raw, source.name];
      const chosen = chooseObject(compiled.contract, paths, settings.objects);
      if (chosen === undefined) return;
      if ("unknown" in chosen) {
        reason = `contracts.objects: the contract has no object ${chosen.unknown}`;
      } else if ("reason" in chosen) {
        const result = counted({ check: "file" }, 1, { severity: "warn", reason: chosen.reason });
        samples.push({ object: "", rows: 0, of: "first", results: [result] });
      } else {
        try {
          samples.push(await checkSample(sample, compiled, chosen, settings));
        } catch (error) {
          // Its message may hold values.
          reason = `the check itself failed, which is a fault of ours: ${(error as Error).name}`;
        }
      }
    },
    verdict() {
      if (reason !== undefined) return errorOf(label, reason);
      return samples.length === 0 ? undefined : validationOf(label, samples);
    },
  };
}
