/** A database's URL as it may be shown: without a password. */
export function shownUrl(url: string): string {
  const shown = new URL(url);
  shown.password = "";
  shown.search = "";
  return shown.href;
}
