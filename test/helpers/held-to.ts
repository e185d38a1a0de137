import { createChecks } from "../../src/checks/checks.ts";
import {
  type ContractSettings,
  createContractCheck,
} from "../../src/checks/contract/contract-check.ts";
import { compileContract } from "../../src/checks/contract/plan.ts";
import { readContract } from "../../src/checks/contract/read.ts";
import type { CheckResult } from "../../src/checks/contract/results.ts";
import type { Validation } from "../../src/checks/contract/validation.ts";
import { memorySource } from "../../src/lib/memory-source.ts";
import { takeSample } from "../../src/view/take-sample.ts";
import { defaultLimits } from "./sample.ts";

/** The settings that hold where nothing is configured. */
export const defaultSettings: ContractSettings = {
  objects: {},
  columns: { extra: "warn", missingOptional: "warn", order: "ignore" },
  nulls: [""],
  rows: false,
};

/** A verdict, and the results of all checks. */
export interface HeldTo {
  readonly validation: Validation | undefined;
  readonly results: readonly CheckResult[];
  /** Checks that fail, such as `type price 3`; a warning has a `?` before it. */
  readonly wrong: readonly string[];
  /** Checks that are skipped, such as `pattern code`. */
  readonly skipped: readonly string[];
}

/** A contract of ODCS with one object, `orders`, of these properties. */
export function odcs(properties: readonly object[], more: object = {}): object {
  const head = { apiVersion: "v3.1.0", kind: "DataContract", name: "orders", version: "1.2.0" };
  return { ...head, schema: [{ name: "orders", properties, ...more }] };
}

/** Samples a file into memory, `most` rows of it, and holds it to a contract on its way. */
export async function heldTo(
  contract: unknown,
  content: string | Uint8Array,
  {
    name = "orders.csv",
    most = defaultLimits.rows,
    ...settings
  }: Partial<ContractSettings> & { readonly name?: string; readonly most?: number } = {},
): Promise<HeldTo> {
  const compiled = await compileContract(readContract(contract));
  const wanted = { ...defaultSettings, ...settings };
  const check = createContractCheck({ label: "orders#1", compiled }, `raw/${name}`, wanted);
  const through = createChecks({ shape: false, contract: check, mask: undefined })?.through;
  const limits = { ...defaultLimits, rows: most };
  const source = memorySource(name, Buffer.from(content));
  const { signal } = new AbortController();
  await takeSample({ source, limits, signal, depth: 0, extensions: {}, through });
  const results = check.samples.flatMap((sample) => sample.results);
  const text = ({ check: what, column, count, severity }: CheckResult) =>
    `${severity === "warn" ? "?" : ""}${[what, column, count].filter((part) => part !== undefined).join(" ")}`;
  return {
    validation: check.verdict(),
    results,
    wrong: results.filter(({ result }) => result === "failed").map(text),
    skipped: results.filter(({ result }) => result === "skipped").map(text),
  };
}
