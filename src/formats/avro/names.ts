/**
 * A type's full name. A name with dots is a full name already, also `.Inner`, which has no
 * namespace. Source: Avro 1.12, "Names".
 */
export function fullName(namespace: string, name: string): string {
  if (name.includes(".")) return name.replace(/^\./, "");
  return namespace === "" ? name : `${namespace}.${name}`;
}

/** The namespace of a named type, and of the types in it; empty for none. */
export function namespaceOf(
  { name, namespace }: Readonly<Record<string, unknown>>,
  outer: string,
): string {
  if (typeof name === "string" && name.includes(".")) return name.slice(0, name.lastIndexOf("."));
  return typeof namespace === "string" ? namespace : outer;
}
