import { createHash } from "node:crypto";

const MAX_SHOWN = 400;

/** Spells a value so that two values have one spelling only if they are the same, type included. */
export function spell(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  const kind = value.constructor?.name ?? "";
  if (Symbol.iterator in value) return `${kind}[${Array.from(value as never, spell).join()}]`;
  const members = Object.entries(value).map(([key, member]) => `${key}:${spell(member)}`);
  return `${kind}{${members.join()}}`;
}

/** A spelling short enough to hand on; two long ones still differ where their values do. */
export function shorten(spelling: string): string {
  if (spelling.length <= MAX_SHOWN) return spelling;
  return `${spelling.slice(0, MAX_SHOWN)}… ${createHash("sha1").update(spelling).digest("hex")}`;
}
