import { Failure } from "../errors.ts";

/** Any JSON value. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };

/** Levels that parameters may have: more are a mistake, or an attack on the stack. */
const MOST_LEVELS = 500;

/**
 * Resolves parameters: every string, at any depth, that is the name of a staged file becomes its
 * path; all else stays as it is, keys of objects too.
 * @throws Failure USAGE where they are nested too deep
 */
export function resolveParams(params: Json, paths: ReadonlyMap<string, string>): Json {
  return resolved(params, paths, MOST_LEVELS);
}

/** Sees that parameters can be resolved, before work is done for them. @throws Failure USAGE */
export function checkParams(params: Json): void {
  resolveParams(params, new Map());
}

function resolved(value: Json, paths: ReadonlyMap<string, string>, levels: number): Json {
  if (typeof value === "string") return paths.get(value) ?? value;
  if (value === null || typeof value !== "object") return value;
  if (levels === 0) throw new Failure("USAGE", `parameters have more than ${MOST_LEVELS} levels`);
  const inside = (item: Json) => resolved(item, paths, levels - 1);
  if (Array.isArray(value)) return value.map(inside);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inside(item)]));
}
