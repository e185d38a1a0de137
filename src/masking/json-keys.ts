/** Parsed JSON with some keys only, in every object of it. */
export function withKeys(node: unknown, keys: ReadonlySet<string>): unknown {
  if (Array.isArray(node)) return node.map((one) => withKeys(one, keys));
  if (typeof node !== "object" || node === null) return node;
  const kept = Object.entries(node).filter(([key]) => keys.has(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, withKeys(value, keys)]));
}
