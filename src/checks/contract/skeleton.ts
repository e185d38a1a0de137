import { columnTypeOf } from "./column-types.ts";
import { known } from "./document.ts";

/** A table of a sample: names and types of its columns, as a person is shown them. */
export interface SampledTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/**
 * A contract of ODCS with what samples show: names and types. It is meant to be completed by a
 * person, since a sample can show neither what has to be there nor what may come.
 */
export function skeletonOf(id: string, tables: readonly SampledTable[]): object {
  return {
    apiVersion: "v3.1.0",
    kind: "DataContract",
    id,
    name: id,
    version: "0.1.0",
    status: "draft",
    schema: tables.map(({ name, columns }) => ({
      name,
      logicalType: "object",
      properties: uniqueIn(columns).map(propertyOf),
    })),
  };
}

function propertyOf({ name, type }: SampledTable["columns"][number]): object {
  return known({ name, logicalType: columnTypeOf(type) });
}

/** Columns without those whose name came before. */
function uniqueIn(columns: SampledTable["columns"]): SampledTable["columns"] {
  return [
    ...new Map(columns.toReversed().map((column) => [column.name, column])).values(),
  ].toReversed();
}
