import { type FoundColumn, columnsIn } from "../columns.ts";
import type { Store } from "../../store/store.ts";
import type { RawName } from "../../store/rows.ts";
import { type FoundValue, type Searched, type ValueSearch, valuesIn } from "./values.ts";

/** Things that can be searched. */
export const searchable = ["files", "columns", "values"] as const;
/** One of them. */
export type Searchable = (typeof searchable)[number];

/** Something that was found. */
export type Found =
  | ({ readonly kind: "file" } & RawName)
  | ({ readonly kind: "column" } & FoundColumn)
  | ({ readonly kind: "value" } & FoundValue);

/** Options of `searchLake`. */
export interface SearchOptions extends Omit<ValueSearch, "queries"> {
  readonly store: Pick<Store, "queries" | "drift">;
  readonly within: readonly Searchable[];
  /** Results of each kind, at most. */
  readonly limit: number;
}

/** Tells files by their paths, columns by their names, and samples by their values, as it finds them. */
export async function searchLake(
  options: SearchOptions,
  onFound: (found: Found) => Promise<void> | void,
): Promise<Searched> {
  const { store, text, datasets, within, limit } = options;
  const { queries } = store;
  const has = (what: Searchable) => within.includes(what);
  if (has("files"))
    for (const found of await queries.rawsContaining({ text, datasets, count: limit }))
      await onFound({ kind: "file", ...found });
  if (has("columns")) {
    const isWanted = new Set(datasets);
    const part = text.toLowerCase();
    let left = limit;
    for await (const found of columnsIn(store, {})) {
      if (!isWanted.has(found.dataset) || !found.column.toLowerCase().includes(part)) continue;
      await onFound({ kind: "column", ...found });
      left -= 1;
      if (left === 0) break;
    }
  }
  const nothing = { looked: 0, failed: 0, isComplete: true };
  if (!has("values")) return nothing;
  const values = valuesIn({ ...options, queries });
  for (let left = limit; left > 0; left -= 1) {
    const next = await values.next();
    if (next.done === true) return next.value;
    await onFound({ kind: "value", ...next.value });
  }
  return nothing;
}
