import { type FileMetaData, parquetMetadata, parquetSchema, type SchemaTree } from "hyparquet";

/** A footer, decoded. */
export type ParquetMetadata = FileMetaData;
/** A node of the schema with those below it. */
export type ParquetField = SchemaTree;

/** The footer of a whole Parquet file. @throws Error where it is damaged */
export function metadataOf(bytes: Uint8Array): ParquetMetadata {
  return parquetMetadata(Uint8Array.from(bytes).buffer, { geoparquet: false });
}

/** The outermost fields of the schema: a column each. */
export function fieldsOf(metadata: ParquetMetadata): readonly ParquetField[] {
  return parquetSchema(metadata).children;
}
