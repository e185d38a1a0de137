import type { SampleStep, Through } from "../formats/types.ts";
import type { Growing } from "../lib/growing.ts";
import type { ContractCheck } from "./contract/contract-check.ts";
import type { Validation } from "./contract/validation.ts";
import type { Shape } from "./shape/shape.ts";
import { shapeOf } from "./shape/shape-of.ts";
import { forgetFields } from "./sample-fields.ts";
import { wholeSamples } from "./whole-sample.ts";

const ZIP = /^zip(\.|$)/;
const TAR = /^tar(\.|$)/;

/** The checks that a file's sample goes through, and what they found. */
export interface Checks {
  readonly through: Through;
  /**
   * Facts for the outcome, once the sample is whole; `format` is that of the whole file, such as
   * `csv.gz`.
   */
  facts(format: string): CheckFacts;
}

/** Facts of a sample that checks add to its outcome. */
export interface CheckFacts {
  /** One for a file, one for each member of an archive; none where the sample has none. */
  readonly shapes: readonly FoundShape[];
  /** Absent where it is held to no contract. */
  readonly validation?: Validation;
}

/** A shape, and what has it. */
export interface FoundShape {
  /** The archive's member; null for the whole file. */
  readonly member: string | null;
  readonly shape: Shape;
}

/** The checks that a dataset asks for. */
export interface WantedChecks {
  readonly shape: boolean;
  readonly contract: ContractCheck | undefined;
  /** The step that masks a sample; undefined where it is verbatim. */
  readonly mask: SampleStep | undefined;
  /** As in `wholeSamples`. */
  readonly memory?: Growing;
}

/**
 * Creates the checks for one file; undefined where none is asked for. A contract is held to what the
 * file has, a shape is of what a mask leaves: names could be values where it does not.
 */
export function createChecks(wanted: WantedChecks): Checks | undefined {
  const { contract, mask } = wanted;
  if (!wanted.shape && contract === undefined && mask === undefined) return undefined;
  const found: { readonly name: string; readonly shape: Shape }[] = [];
  return {
    through: wholeSamples(async (whole) => {
      const sample = mask === undefined ? whole : { ...whole, ...(await mask(whole)) };
      // After it is known that the mask could mask it: names could be values, too.
      await contract?.take(whole);
      const shape = wanted.shape ? await shapeOf(sample) : undefined;
      if (shape !== undefined) found.push({ name: sample.request.source.name, shape });
      forgetFields();
      return sample;
    }, wanted.memory),
    facts(format) {
      const validation = contract?.verdict();
      return {
        shapes: foundShapes(found, format),
        ...(validation === undefined ? {} : { validation }),
      };
    },
  };
}

function foundShapes(
  found: readonly { readonly name: string; readonly shape: Shape }[],
  format: string,
): FoundShape[] {
  // A tar that is only listed has one shape, its own.
  const isListing = found.every(({ shape }) => shape.format === "tar");
  if (ZIP.test(format) || (TAR.test(format) && !isListing)) {
    return found.map(({ name, shape }) => ({ member: name, shape }));
  }
  const last = found.at(-1);
  if (last === undefined) return [];
  const { shape } = last;
  return [{ member: null, shape: shape.format === format ? shape : { ...shape, format } }];
}
