import type { RawSettings } from "../config/settings.ts";

/** Decides by names alone which files of a directory may be complete. */
export interface Readiness {
  /** True for a name that is a marker, and no data. */
  isMarker(name: string): boolean;
  /** The name of the marker that a file needs; undefined where it needs none. */
  markerOf(name: string): string | undefined;
}

const PLACE = "{name}";

/** The readiness that the settings ask for. */
export function readinessOf({ ready, marker }: Pick<RawSettings, "ready" | "marker">): Readiness {
  if (ready !== "marker") return { isMarker: () => false, markerOf: () => undefined };
  const [before = "", ...rest] = marker.split(PLACE);
  const after = rest.join(PLACE);
  if (rest.length === 0) return { isMarker: (name) => name === marker, markerOf: () => marker };
  const least = before.length + after.length;
  return {
    isMarker: (name) => name.length > least && name.startsWith(before) && name.endsWith(after),
    markerOf: (name) => before + name + after,
  };
}

/** A file that is waited for, as it was when it looked like that for the first time. */
export interface Resting {
  readonly seen: string;
  /** ms since epoch. */
  readonly since: number;
}

/**
 * True once a file has looked the same at two looks, `quietSeconds` apart. This tells a writer that
 * has ended from one that pauses no better than the time that is given.
 */
export function hasRested(
  before: Resting | undefined,
  seen: string,
  { now, quietSeconds }: { readonly now: number; readonly quietSeconds: number },
): boolean {
  return before?.seen === seen && now - before.since >= quietSeconds * 1000;
}
