import { isMapping } from "../../lib/mapping.ts";
import { type Node, nodeOf, Refusal, valueAt } from "./document.ts";

/** References that lead to one another, at most. */
const MOST_STEPS = 16;

/**
 * The schema that a node's `$ref` leads to; the node itself where it has none. Undefined for a
 * reference to another document.
 * @throws Refusal where references only lead to others
 */
export function followed(node: Node, root: Node): Node | undefined {
  let found: Node = node;
  for (let steps = 0; steps <= MOST_STEPS; steps += 1) {
    const reference = valueAt(found, "$ref");
    if (typeof reference !== "string") return found;
    if (!reference.startsWith("#")) return undefined;
    found = nodeOf(pointed(root.value, reference), `${found.at} → ${reference}`);
  }
  throw new Refusal(node.at, "refers to itself");
}

/** The value that a JSON Pointer names (RFC 6901). */
function pointed(root: unknown, reference: string): unknown {
  const steps = reference.slice(1).split("/").slice(1);
  return steps.reduce<unknown>((value, step) => {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) return (value as readonly unknown[])[Number(key)];
    return isMapping(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }, root);
}
