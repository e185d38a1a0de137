/**
 * A type's full name: with dots it is one already, also `.Inner`, which has no namespace. Source:
 * Avro 1.12, "Names".
 */
export function fullName(namespace: string, name: string): string {
  if (name.includes(".")) return name.replace(/^\./, "");
  return namespace === "" ? name : `${namespace}.${name}`;
}

/** The namespace of a named type, and of what is in it: empty for none. */
export function namespaceOf(
  { name, namespace }: Readonly<Record<string, unknown>>,
  outer: string,
): string {
  if (typeof name === "string" && name.includes(".")) return name.slice(0, name.lastIndexOf("."));
  return typeof namespace === "string" ? namespace : outer;
}
