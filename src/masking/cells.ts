import type { MaskSettings, MaskWay } from "../config/mask-settings.ts";
import type { ColumnRules } from "./columns.ts";
import { leakScan } from "./leaks.ts";
import { impossible } from "./reasons.ts";
import type { Masked, MaskValue, ValueKind } from "./transforms.ts";
import { LEAKING, unmatchedWarning } from "./warnings.ts";

/** Characters of a text from which on its column is free text. */
const FREE_TEXT_CHARACTERS = 64;

/** A value of a sample. */
export interface Cell {
  /** The name of its column, or its path. */
  readonly path: string;
  readonly kind: ValueKind;
  /** The value, decoded; a number as it is written. */
  readonly text: string;
  /** True for the key of a JSON object, which is a value only where a rule says so. */
  readonly isKey?: boolean;
}

/** A value, and its bytes in a sample. */
export interface PlacedCell extends Cell {
  readonly start: number;
  readonly end: number;
}

/** The means to mask values. */
export interface CellMask {
  readonly settings: MaskSettings;
  readonly rules: ColumnRules;
  readonly maskValue: MaskValue;
}

/** Values of a sample, masked. */
export interface MaskedCells {
  /** For each cell its text; undefined where it stays as it is. */
  readonly texts: readonly (Masked | undefined)[];
  readonly warnings: readonly string[];
}

/** The treatment of a column. */
interface Plan {
  readonly way: MaskWay;
  readonly domain: string;
  readonly keys: boolean;
  /** True where its values are looked for elsewhere. */
  readonly isSecret: boolean;
}

const KEPT: Plan = { way: "keep", domain: "", keys: false, isSecret: false };
const FREE_TEXT: Plan = { ...KEPT, way: "redact" };
const OTHERS: Plan = { ...FREE_TEXT, isSecret: true };

/**
 * Masks the values of a sample. `names` are those of all columns, also of those without values.
 * Where no rule matches any of them, the sample is not what the rules are for.
 * @throws NoSample where the settings close such a sample
 */
export function maskCells(
  cells: readonly Cell[],
  names: readonly string[],
  mask: CellMask,
): MaskedCells {
  const warnings = unmatchedIn([...names, ...cells.map(({ path }) => path)], mask);
  const plans = plansFor(cells, mask);
  const texts = cells.map((cell) => maskedBy(plans.get(cell.path) as Plan, cell, mask.maskValue));
  return { texts, warnings: [...warnings, ...closeLeaks(cells, names, texts, plans, mask)] };
}

function maskedBy(
  { way, domain, keys }: Plan,
  { kind, text, isKey = false }: Cell,
  maskValue: MaskValue,
): Masked | undefined {
  if (way === "keep" || (isKey && !keys)) return undefined;
  const masked = maskValue(isKey && way === "null" ? "redact" : way, domain, kind, text);
  return masked === text ? undefined : masked;
}

/** The plan for each path. */
function plansFor(
  cells: readonly Cell[],
  { settings, rules }: Pick<CellMask, "settings" | "rules">,
): Map<string, Plan> {
  const plans = new Map<string, Plan>();
  for (const { path, kind, text, isKey } of cells) {
    const known = plans.get(path);
    const isFreeText =
      settings.text === "redact" &&
      kind === "text" &&
      isKey !== true &&
      text.length > FREE_TEXT_CHARACTERS;
    if (known !== undefined && !(isFreeText && known === KEPT)) continue;
    const [first] = known === undefined ? rules.matching(path) : [];
    const rule = first === undefined ? undefined : settings.columns[first];
    if (rule !== undefined) {
      const { with: way, domain, keys } = rule;
      plans.set(path, { way, domain, keys, isSecret: way !== "keep" });
    } else if (settings.others === "redact") plans.set(path, OTHERS);
    else plans.set(path, isFreeText ? FREE_TEXT : KEPT);
  }
  return plans;
}

/** Warnings of the rules that match no name. @throws NoSample */
function unmatchedIn(
  names: readonly string[],
  { settings, rules }: Pick<CellMask, "settings" | "rules">,
): string[] {
  const matched = new Set([...new Set(names)].flatMap((name) => rules.matching(name)));
  if (matched.size === 0) throw impossible("unknown");
  const without = settings.columns.filter((_, i) => !matched.has(i));
  if (without.length > 0 && settings.unmatched === "fail") throw impossible("unmatched");
  return without.map(unmatchedWarning);
}

/** Looks for masked values in what is not masked, and does with it what the settings say. */
function closeLeaks(
  cells: readonly Cell[],
  names: readonly string[],
  texts: (Masked | undefined)[],
  plans: ReadonlyMap<string, Plan>,
  { settings, maskValue }: CellMask,
): string[] {
  const secrets = cells.filter(
    ({ path, text }, i) =>
      texts[i] !== undefined && plans.get(path)?.isSecret === true && text !== path,
  );
  const scan = leakScan(secrets.map(({ text }) => text));
  const leaking = cells.flatMap(({ kind, text }, i) =>
    texts[i] === undefined && kind !== "null" && scan.isIn(text) ? [i] : [],
  );
  const isNamed = names.some((name) => scan.isIn(name));
  if (leaking.length === 0 && !isNamed) return [];
  const { leaks } = settings;
  const isKey = leaking.some((i) => cells[i]?.isKey === true);
  if (leaks === "fail" || (leaks === "redact" && (isNamed || isKey))) throw impossible("leak");
  if (leaks === "warn") return [LEAKING];
  for (const i of leaking) {
    const { kind, text } = cells[i] as Cell;
    texts[i] = maskValue("redact", "", kind, text);
  }
  return [];
}
