/** Differences that come of a time's way through a double, seconds. */
const ROUNDING_S = 1e-6;
/** Parts of a second that a producer may cut or round an mtime to. */
const PARTS = [1, 1000] as const;

/**
 * True when a manifest line's mtime is that of a raw file, both seconds since epoch: as far as the
 * line says it. Producers write whole seconds, ms, or what their language makes of ns.
 */
export function isSameTime(line: number, file: number): boolean {
  if (Math.abs(line - file) <= ROUNDING_S) return true;
  return PARTS.some((parts) => {
    const cut = line * parts;
    const isWhole = Math.abs(cut - Math.round(cut)) <= ROUNDING_S * parts;
    return isWhole && Math.abs(line - file) < 1 / parts;
  });
}
