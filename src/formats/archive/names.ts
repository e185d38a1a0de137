/** The name of the listing in a sample of an archive. */
export const LISTING_NAME = "_manifest.txt";
/** Bytes of a name at most: a zip takes 65,535, of which some make names unique. */
const MAX_NAME_BYTES = 65_000;

/**
 * Makes a function that gives the names of one archive: those stay inside the directory it is unpacked
 * into. Of equal names the first is kept, the others get a number.
 */
export function memberNames(): (name: string) => string {
  const used = new Set<string>();
  return (name) => {
    const safe = safeName(name);
    let unique = safe;
    for (let count = 2; used.has(unique); count += 1) unique = `${safe}~${count}`;
    used.add(unique);
    return unique;
  };
}

function safeName(name: string): string {
  const parts = name
    .replaceAll("\\", "/")
    .replace(/^[a-zA-Z]:/, "")
    .split("/");
  const safe = parts
    .filter((part) => part !== "" && part !== ".")
    .map((part) => (part === ".." ? "_" : part.replaceAll("\0", "_")));
  const joined = cutName(safe.join("/")) || "_";
  // What is left of `C:C:` or `./C:` would be a drive again.
  return /^[a-zA-Z]:/.test(joined) ? `_${joined}` : joined;
}

/** Cuts a name: in UTF-8 it can have more bytes than it had, and than a zip takes. */
function cutName(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  return new TextDecoder()
    .decode(Buffer.from(name).subarray(0, MAX_NAME_BYTES))
    .replace(/\ufffd$/, "");
}
