import type { Expected } from "../../src/store/sqlite/accept.ts";

/** A sample that is to be called so, and nothing else. */
export function namedAs(name: string): Expected {
  return { names: { plain: name, ifTaken: () => `${name}~` }, extension: null };
}
