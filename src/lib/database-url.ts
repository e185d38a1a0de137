/**
 * True for the URL of a PostgreSQL database. One whose password has a `/`, `#` or `?` that is not escaped is
 * none: the rest of it would be taken for a path, and shown.
 */
export function isDatabaseUrl(text: string): boolean {
  if (!/^postgres(ql)?:\/\/./.test(text) || !URL.canParse(text)) return false;
  const { pathname, search, hash } = new URL(text);
  return !`${pathname}${search}${hash}`.includes("@");
}

/** The way to write one, for people. */
export const DATABASE_URL =
  "postgresql://user@host/database, with /, ?, # and @ in a password escaped";
