import type { Expected } from "../../src/store/ingest-store.ts";

/** A sample that is to be called so, and nothing else. */
export function namedAs(name: string): Expected {
  return { names: { plain: name, ifTaken: () => `${name}~` }, extension: null };
}
