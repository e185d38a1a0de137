/**
 * Age of a directory's last change from which a further change gives it other times, ms: some file
 * systems count in seconds, or in two.
 */
const TICK_MS = 2000;

/** A directory before it is listed. Times are ms since epoch. */
export interface DirectorySight {
  readonly state: string;
  readonly changedAt: number;
  readonly listedAt: number;
  /** True where its times are by the clock of another machine. */
  readonly isRemote: boolean;
}

/**
 * The state by which a directory is known to be unchanged since it was listed. Where a change in the
 * same tick of the clock would not show, it is something that no directory has, so that it is
 * listed again. On a file server, whose clock may be another, a state has to be seen twice.
 */
export function settledState(
  { state, changedAt, listedAt, isRemote }: DirectorySight,
  before: { readonly state: string; readonly listedAt: number } | undefined,
): string {
  const isOld = (since: number) => listedAt - since >= TICK_MS;
  if (!isRemote) return isOld(changedAt) ? state : "";
  const once = `once ${state}`;
  const isKnown = before !== undefined && (before.state === once || before.state === state);
  return isKnown && isOld(before.listedAt) ? state : once;
}
