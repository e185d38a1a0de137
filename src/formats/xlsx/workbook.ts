import type { Limits } from "../../lib/limits.ts";
import {
  invalid,
  type Package,
  partName,
  partText,
  type Relationship,
  relationshipsIn,
  relationshipsPart,
  textOf,
} from "./package.ts";
import { attributeOf, type Edit, edited, elementEnd, tagsIn, withoutElements } from "./tags.ts";

/** Parts that have the same name in every package. */
const CONTENT_TYPES = "[content_types].xml";
const ROOT_RELATIONSHIPS = "_rels/.rels";

const ROWS = /^worksheet$/;
/** Kinds of sheets that have no rows: an empty sheet of rows stands for each in a sample. */
const OTHER_SHEETS = /^(?:chartsheet|dialogsheet|xl(?:Intl)?Macrosheet)$/;
/** Relationships of a package to parts that a sample has. */
const KEPT_OF_PACKAGE =
  /^(?:officeDocument|core-properties|extended-properties|custom-properties)$/;
/** Relationships of a workbook to parts that its rows need, besides sheets. */
const KEPT_OF_WORKBOOK = /^(?:styles|theme|sharedStrings|sheetMetadata|externalLink|rd[A-Z]\w*)$/;
/** The namespaces of spreadsheets, in documents of the class "strict" and in others. */
const STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main";
const USUAL = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const CONTENT_TYPE = /\bContentType\s*=\s*(?:"[^"]*"|'[^']*')/;
const SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml";
/** Elements of a workbook that lead to parts that a sample does not have. */
const LEADING_ELSEWHERE = new Set(["pivotCaches", "extLst"]);

/** A sheet of a workbook. */
export interface NamedSheet {
  readonly part: string;
  readonly name: string;
  /** False for charts and other sheets that have no rows. */
  readonly hasRows: boolean;
}

/** The parts of a workbook (ECMA-376 part 1, 12.3) that a sample is made of. */
export interface Workbook {
  /** In the order of the workbook. */
  readonly sheets: readonly NamedSheet[];
  /** The namespace of sheets. */
  readonly namespace: string;
  /** The part of the strings that sheets share. */
  readonly strings: string | undefined;
  /** The part of the styles of cells. */
  readonly styles: string | undefined;
  /** True where dates are counted from 1904. */
  readonly is1904: boolean;
  /** Parts that are kept as they are. */
  readonly verbatim: ReadonlySet<string>;
  /** Parts that change where others are left out, with their text then. */
  readonly changed: ReadonlyMap<string, string>;
}

/**
 * Reads which parts a workbook has.
 * @throws Failure FORMAT_INVALID where there is none; as `partText`
 */
export async function readWorkbook(document: Package, limits: Limits): Promise<Workbook> {
  const rootText = await partText(document, ROOT_RELATIONSHIPS, limits);
  const root = relationshipsIn(rootText ?? "", "").filter(isThere);
  const part = root.find(({ type }) => type === "officeDocument")?.target ?? "xl/workbook.xml";
  const relsPart = relationshipsPart(part);
  const text = await partText(document, part, limits);
  const relsText = await partText(document, relsPart, limits);
  if (text === undefined || relsText === undefined) throw invalid(`it has no ${part}`);
  const types = await partText(document, CONTENT_TYPES, limits);

  const rels = relationshipsIn(relsText, part).filter(isThere);
  const others = targetsOf(rels, OTHER_SHEETS);
  const verbatim = new Set([
    part,
    relsPart,
    ROOT_RELATIONSHIPS,
    CONTENT_TYPES,
    ...targetsOf(root, KEPT_OF_PACKAGE),
    ...targetsOf(rels, KEPT_OF_WORKBOOK),
    ...targetsOf(rels, /^externalLink$/).map(relationshipsPart),
  ]);
  const kept = new Set([...verbatim, ...targetsOf(rels, ROWS), ...others]);
  const changed = new Map<string, string>();
  const change = (name: string, before: string, after: string) => {
    if (after !== before) changed.set(name, after);
  };
  change(part, text, edited(text, withoutElements(text, LEADING_ELSEWHERE)));
  change(relsPart, relsText, keptRelationships(relsText, part, kept));
  if (rootText !== undefined)
    change(ROOT_RELATIONSHIPS, rootText, keptRelationships(rootText, "", kept));
  if (types !== undefined) change(CONTENT_TYPES, types, keptTypes(types, kept, new Set(others)));
  return {
    sheets: sheetsIn(text, rels),
    namespace: text.includes(STRICT) ? STRICT : USUAL,
    strings: targetsOf(rels, /^sharedStrings$/)[0],
    styles: targetsOf(rels, /^styles$/)[0],
    is1904: /\bdate1904\s*=\s*["'](?:1|true)/.test(text),
    verbatim,
    changed,
  };

  function isThere({ target }: Relationship): boolean {
    return target !== undefined && document.parts.has(target);
  }
}

function targetsOf(relationships: readonly Relationship[], types: RegExp): string[] {
  return relationships.flatMap(({ type, target }) =>
    types.test(type) && target !== undefined ? [target] : [],
  );
}

/** Sheets in the order in which the workbook names them; one that it does not name is kept, too. */
function sheetsIn(text: string, relationships: readonly Relationship[]): NamedSheet[] {
  const sheets = relationships.filter(({ type }) => ROWS.test(type) || OTHER_SHEETS.test(type));
  const byId = new Map(sheets.map((sheet) => [sheet.id, sheet]));
  const names = new Map<Relationship, string>();
  for (const tag of tagsIn(text)) {
    if (tag.local !== "sheet" || tag.kind === "close") continue;
    const sheet = byId.get(textOf(attributeOf(text, tag, "id") ?? ""));
    if (sheet !== undefined) names.set(sheet, textOf(attributeOf(text, tag, "name") ?? ""));
  }
  const parts = new Map<string, NamedSheet>();
  for (const sheet of [...names.keys(), ...sheets]) {
    const { type, target: part } = sheet;
    if (part === undefined || parts.has(part)) continue;
    parts.set(part, { part, name: names.get(sheet) ?? part, hasRows: ROWS.test(type) });
  }
  return [...parts.values()];
}

/**
 * A text of relationships without those to parts that are left out; those to sheets of other kinds
 * lead to sheets of rows then.
 */
export function keptRelationships(text: string, part: string, kept: ReadonlySet<string>): string {
  const edits = relationshipsIn(text, part).flatMap(({ type, target, start, end }): Edit[] => {
    if (target === undefined) return [];
    if (!kept.has(target)) return [{ start, end, text: "" }];
    if (!OTHER_SHEETS.test(type)) return [];
    const changed = text.slice(start, end).replace(/\/(?:\w+[sS]heet)(["'])/, "/worksheet$1");
    return [{ start, end, text: changed }];
  });
  return edited(text, edits);
}

/** Content types without those of parts that are left out; sheets of other kinds get rows. */
function keptTypes(text: string, kept: ReadonlySet<string>, others: ReadonlySet<string>): string {
  const edits: Edit[] = [];
  for (const tag of tagsIn(text)) {
    if (tag.local !== "Override" || tag.kind === "close") continue;
    const part = partName(textOf(attributeOf(text, tag, "PartName") ?? ""));
    const [start, end] = [tag.start, elementEnd(text, tag)];
    if (!kept.has(part)) edits.push({ start, end, text: "" });
    else if (others.has(part)) {
      const changed = text.slice(start, end).replace(CONTENT_TYPE, `ContentType="${SHEET_TYPE}"`);
      edits.push({ start, end, text: changed });
    }
  }
  return edited(text, edits);
}
