import type { WholeSample } from "../../formats/types.ts";
import { checkJson } from "./check-json.ts";
import { type Checked, checkText } from "./check-text.ts";
import type { DataObject } from "./contract.ts";
import type { CheckSettings, CompiledContract } from "./plan.ts";
import { type CheckResult, counted, inOrder, type SampledPart } from "./results.ts";
import { ruleResult } from "./rules.ts";

/** A sample that was held to an object of a contract. */
export interface CheckedSample {
  readonly object: string;
  readonly rows: number;
  /** The part of the file that the sample is. */
  readonly of: SampledPart;
  /** In the order in which they are told of. */
  readonly results: readonly CheckResult[];
}

/** Holds a sample to an object of a contract. Values leave it by no way: only names and numbers. */
export async function checkSample(
  sample: WholeSample,
  compiled: CompiledContract,
  object: DataObject,
  settings: CheckSettings,
): Promise<CheckedSample> {
  const { complete: isComplete, sourceRows, strategy } = sample.summary;
  const [name] = object.names;
  const checked = await checkRows(sample, compiled, object, settings);
  const unjudged = object.unjudged.map((one): CheckResult => ({ ...one, result: "skipped" }));
  const counts = object.rules
    .filter(({ metric }) => metric === "rowCount")
    .map((rule) => {
      const count = sourceRows ?? checked.rows;
      return ruleResult(rule, {
        count,
        of: count,
        isWhole: isComplete || sourceRows !== undefined,
      });
    });
  return {
    object: name,
    rows: checked.rows,
    of: isComplete ? "all" : strategy === undefined || strategy === "head" ? "first" : strategy,
    results: inOrder([...checked.results, ...counts, ...unjudged]),
  };
}

async function checkRows(
  { bytes, summary, request }: WholeSample,
  compiled: CompiledContract,
  object: DataObject,
  settings: CheckSettings,
): Promise<Checked> {
  const { format, complete: isComplete, rows = 0 } = summary;
  switch (format) {
    case "csv": {
      const { name } = request.source;
      return checkText({ name, bytes, isComplete }, compiled.plan(object, "text"), settings);
    }
    case "json":
    case "jsonl": {
      const isLines = format === "jsonl";
      return checkJson({ bytes, isLines, isComplete }, compiled.plan(object, "json"), settings);
    }
    case "parquet":
    case "avro": {
      // Most lakes that have contracts have text: readers of the others take memory.
      const { checkTyped } = await import("./check-typed.ts");
      return checkTyped(
        { format, bytes, rows, isComplete },
        compiled.plan(object, "typed"),
        settings,
      );
    }
    default:
      return { rows: 0, results: [noRows(format)] };
  }
}

/** An empty file fails; of another format no rows can be read, which may be meant so. */
function noRows(format: string): CheckResult {
  if (format === "empty") return counted({ check: "file" }, 1, { reason: "it is empty" });
  return counted({ check: "file" }, 1, {
    severity: "warn",
    reason: `no rows can be read of ${format}`,
  });
}
