const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** A text as it may stand in an attribute of XML 1.0; characters that may not become U+FFFD. */
export function xmlText(text: string): string {
  const written = text.toWellFormed().replace(FORBIDDEN, "\ufffd");
  return written.replace(/[&<>"\t\n\r]/g, (found) => entities[found] as string);
}
