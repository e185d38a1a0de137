/** Deaths of processes at files, by the file's mark: how many, and when the last one was, ms since epoch. */
type Deaths = Readonly<Record<string, readonly [deaths: number, at: number]>>;

/** Time after which a death counts no more, ms. */
const FORGOTTEN_MS = 24 * 3_600_000;

/** Counts one more death for each of some marks; `text` is what the store has, undefined at first. */
export function withDeaths(
  text: string | undefined,
  marks: readonly string[],
  now: number,
): { readonly text: string; readonly counts: ReadonlyMap<string, number> } {
  const recent = Object.entries(deathsIn(text)).filter(([, [, at]]) => now - at < FORGOTTEN_MS);
  const deaths = new Map(recent);
  for (const mark of marks) deaths.set(mark, [(deaths.get(mark)?.[0] ?? 0) + 1, now]);
  const counts = new Map(Array.from(deaths, ([mark, [n]]) => [mark, n]));
  return { text: JSON.stringify(Object.fromEntries(deaths)), counts };
}

/** Sets the deaths at one mark; none where `count` is 0. */
export function settingDeaths(
  text: string | undefined,
  mark: string,
  count: number,
  now: number,
): string {
  const { [mark]: _, ...others } = deathsIn(text);
  return JSON.stringify(count === 0 ? others : { ...others, [mark]: [count, now] });
}

/** Earlier versions kept a count alone, of the last process. */
function deathsIn(text: string | undefined): Deaths {
  const all = JSON.parse(text ?? "{}") as Record<string, Deaths[string] | number>;
  return Object.fromEntries(
    Object.entries(all).flatMap(([mark, of]) => (typeof of === "number" ? [] : [[mark, of]])),
  );
}
