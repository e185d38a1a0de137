import type { CheckSettings, ObjectPlan } from "./plan.ts";
import { type CheckResult, counted, treated } from "./results.ts";
import type { QuickTest } from "./quick-test.ts";
import { addKey, judge, resultsOf, type Tally, tallyOf } from "./tally.ts";
import { type TextCells, textCells } from "./text-cells.ts";
import { createKeys } from "./keys.ts";

/** The findings of a look at the rows of a sample. */
export interface Checked {
  readonly rows: number;
  readonly results: readonly CheckResult[];
}

/** Checks delimited text; `name` is that of its file. */
export function checkText(
  {
    name,
    bytes,
    isComplete,
  }: { readonly name: string; readonly bytes: Uint8Array; readonly isComplete: boolean },
  plan: ObjectPlan,
  settings: CheckSettings,
): Checked {
  const cells = textCells(name, bytes);
  const { object } = plan;
  const hasHeader = object.dialect.header !== false;
  const header = hasHeader ? headerOf(cells) : undefined;
  const record = tallyOf(plan.record, settings);
  const columns =
    header === undefined
      ? { columns: record.properties ?? [], results: [] }
      : columnsOf(header, record, plan, settings);
  const first = hasHeader ? 1 : 0;
  const width = header?.length ?? columns.columns.length;
  const nulls = nullsOf(object.nulls ?? settings.nulls);
  const keys = createKeys(plan, columns.columns);
  const { records } = cells;
  const rows = Math.max(0, records.length - 1 - first);
  const ragged: number[] = [];
  let unequal = 0;
  for (let row = 1; row <= rows; row += 1) {
    const from = records[row - 1 + first] as number;
    const count = (records[row + first] as number) - from;
    if (count !== width && !isTrailing(cells, from, count, width)) {
      unequal += 1;
      if (settings.rows && ragged.length < 20) ragged.push(row);
    }
    keys?.add((i) => (i < count ? cells.text(from + i) : ""), nulls.has);
  }
  for (const [i, tally] of columns.columns.entries())
    if (tally !== undefined) judgeColumn(tally, cells, { column: i, first, nulls });
  const { missingOptional } = settings.columns;
  const options = { settings, isComplete, missingOptional, hasKeys: false };
  const judged = columns.columns.filter((tally) => tally !== undefined);
  return {
    rows,
    results: [
      ...dialectResults(cells, plan),
      ...(rows === 0
        ? [counted({ check: "file" }, 1, { severity: "warn", reason: "it has no rows" })]
        : []),
      ...columns.results,
      shapeResult(cells, unequal, settings.rows ? { rows: ragged } : {}),
      ...[...new Set(judged)].flatMap((tally) => resultsOf(tally, options)),
      ...(keys?.results(isComplete) ?? []),
    ],
  };
}

/** Judges the cells of a column. Most are accepted by their bytes, without a text for each. */
function judgeColumn(
  tally: Tally,
  cells: TextCells,
  { column, first, nulls }: { column: number; first: number; nulls: Nulls },
): void {
  const { records } = cells;
  const { quick } = tally.plan;
  // Texts that count as null are asked first, so none may be accepted.
  const isQuick = quick !== undefined && !nulls.texts.some((text) => passes(quick, text));
  for (let row = 1; row + first < records.length; row += 1) {
    const field = (records[row - 1 + first] as number) + column;
    if (field >= (records[row + first] as number)) continue;
    if (isQuick && cells.passes(field, quick)) {
      tally.values += 1;
      if (tally.keys !== undefined) addKey(tally, cells.text(field), row);
    } else {
      const text = cells.text(field);
      judge(tally, nulls.has(text) ? null : text, row);
    }
  }
}

function passes(quick: QuickTest, text: string): boolean {
  const bytes = Buffer.from(text);
  return quick(bytes, 0, bytes.length);
}

/** The names of the header; without the empty one after a delimiter at its end. */
function headerOf(cells: TextCells): readonly string[] {
  const [from = 0, to = 0] = cells.records;
  const names = Array.from({ length: to - from }, (_, i) => cells.text(from + i).trim());
  return names.at(-1) === "" ? names.slice(0, -1) : names;
}

/** True where a row only has one more field than the header, and that is empty. */
function isTrailing(cells: TextCells, from: number, count: number, width: number): boolean {
  return count === width + 1 && cells.text(from + width) === "";
}

/**
 * A header as a contract takes it: for each field the place of its column in the contract, -1 where
 * it has none, and what is to be said of it.
 */
interface JudgedHeader {
  readonly header: readonly string[];
  readonly asked: CheckSettings["columns"];
  readonly places: readonly number[];
  readonly results: readonly CheckResult[];
}

/** The header that was judged last by each plan: most files of a dataset have the same one. */
const judgedLast = new WeakMap<ObjectPlan, JudgedHeader>();

/** The tally for each field, and what is to be said of the header. */
function columnsOf(
  header: readonly string[],
  record: Tally,
  plan: ObjectPlan,
  settings: CheckSettings,
): { readonly columns: readonly (Tally | undefined)[]; readonly results: readonly CheckResult[] } {
  const last = judgedLast.get(plan);
  const isSame =
    last !== undefined &&
    isAskedAlike(last.asked, settings.columns) &&
    last.header.length === header.length &&
    last.header.every((name, i) => name === header[i]);
  const judged = isSame ? last : judgeHeader(header, plan, settings);
  judgedLast.set(plan, judged);
  return {
    columns: judged.places.map((place) => record.properties?.[place]),
    results: judged.results,
  };
}

/** True where two datasets ask the same of columns: those of one contract mostly do. */
function isAskedAlike(a: CheckSettings["columns"], b: CheckSettings["columns"]): boolean {
  return a.extra === b.extra && a.missingOptional === b.missingOptional && a.order === b.order;
}

function judgeHeader(
  header: readonly string[],
  { record: plan, object }: ObjectPlan,
  settings: CheckSettings,
): JudgedHeader {
  const found = header.map((name) => plan.byName.get(name));
  const known = new Map(plan.properties?.map((one, place) => [one, place]));
  // A column that is named twice is the first one.
  const places = found.map((one, i) =>
    one === undefined || found.indexOf(one) < i ? -1 : (known.get(one) ?? -1),
  );
  const judged = { header, asked: settings.columns, places };
  if (plan.properties === undefined || plan.properties.length === 0)
    return { ...judged, results: [] };
  if (places.every((place) => place < 0)) {
    // Its fields may be values: they are not named.
    const reason = "the first row names none of the contract's columns";
    return { ...judged, results: [counted({ check: "header" }, header.length, { reason })] };
  }
  const missing = plan.properties.filter((one) => !found.includes(one));
  const optional = object.missingOptional ?? settings.columns.missingOptional;
  const duplicates = new Set(header.filter((name, i) => name !== "" && header.indexOf(name) < i));
  const extras = [...new Set(header.filter((_, i) => found[i] === undefined))];
  const extra = plan.column.extra ?? settings.columns.extra;
  const named = places.filter((place) => place >= 0);
  const unordered = named.filter((place, i) => i > 0 && place < (named[i - 1] as number)).length;
  return {
    ...judged,
    results: [
      { check: "header", result: "passed" },
      ...missing.flatMap(({ column, path }) =>
        treated({ check: "missing", column: path }, 1, column.isRequired ? "fail" : optional),
      ),
      ...(missing.length === 0 ? [{ check: "missing", result: "passed" } as const] : []),
      ...[...duplicates].map((column) => counted({ check: "duplicate", column }, 1)),
      ...extras.flatMap((column) =>
        treated({ check: "extra", column: column || "(without a name)" }, 1, extra),
      ),
      ...(extras.length === 0 ? treated({ check: "extra" }, 0, extra) : []),
      ...treated({ check: "order" }, unordered, object.order ?? settings.columns.order),
    ],
  };
}

/** The texts that count as null. */
interface Nulls {
  readonly texts: readonly string[];
  readonly has: (text: string) => boolean;
}

function nullsOf(texts: readonly string[]): Nulls {
  const [only] = texts;
  if (texts.length === 1) return { texts, has: (text) => text === only };
  const all = new Set(texts);
  return { texts, has: (text) => all.has(text) };
}

function shapeResult(
  { flaw }: TextCells,
  unequal: number,
  rows: Pick<CheckResult, "rows">,
): CheckResult {
  if (flaw !== undefined)
    return counted({ check: "shape" }, Math.max(1, unequal), { reason: flaw, ...rows });
  return counted({ check: "shape" }, unequal, rows);
}

function dialectResults(cells: TextCells, { object }: ObjectPlan): CheckResult[] {
  const { delimiter, encoding } = object.dialect;
  const results: CheckResult[] = [];
  if (encoding !== undefined) results.push(encodingResult(cells, encoding));
  if (delimiter !== undefined) {
    const isOther = cells.dialect.delimiter !== delimiter.codePointAt(0);
    results.push(counted({ check: "delimiter" }, isOther ? 1 : 0));
  }
  return results;
}

function encodingResult({ encoding, isUnicode }: TextCells, said: string): CheckResult {
  const check = { check: "encoding" };
  if (/^utf-?8/i.test(said)) return counted(check, encoding.unitBytes > 1 || !isUnicode ? 1 : 0);
  const [, bits] = /^utf-?(16|32)/i.exec(said) ?? [];
  if (bits !== undefined) return counted(check, encoding.unitBytes * 8 === Number(bits) ? 0 : 1);
  if (encoding.unitBytes > 1) return counted(check, 1);
  return { ...check, result: "skipped", reason: `any bytes may be ${said}` };
}
