import { fstatSync } from "node:fs";

/** The levels of a log as the journal numbers them. */
const priorities = { fatal: 2, error: 3, warn: 4, info: 6, debug: 7, trace: 7 } as const;

/** True when output to this descriptor goes to the journal of systemd. */
export function isJournal(
  fd: number,
  { JOURNAL_STREAM: told }: Readonly<Record<string, string | undefined>>,
): boolean {
  if (told === undefined) return false;
  const { dev, ino } = fstatSync(fd);
  return told === `${dev}:${ino}`;
}

/** The prefix by which the journal knows the level of the line that follows. */
export function journalPrefix(level: keyof typeof priorities): string {
  return `<${priorities[level]}>`;
}
