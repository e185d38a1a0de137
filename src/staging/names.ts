import { Failure } from "../errors.ts";

/** Bytes of a name in a directory, on all file systems that are usual. */
const MOST_BYTES = 255;
/** Bytes of a path, with what stands before it. */
const MOST_PATH_BYTES = 3000;
/** The list of its files' hashes, which a run writes beside them. */
export const CHECKSUM_LIST = "manifest-sha256.txt";
/** The directory of a run that has no files of its manifest. */
export const OWN_DIRECTORY = ".staging";

/**
 * Checks the name that a file has in its run: a relative path that leads nowhere else.
 * @throws Failure PATH_REFUSED
 */
export function checkName(name: string): void {
  const why = whyRefused(name);
  if (why !== undefined)
    throw new Failure(
      "PATH_REFUSED",
      `${JSON.stringify(name)} is no name for a file of a run: ${why}`,
    );
}

function whyRefused(name: string): string | undefined {
  if (name === CHECKSUM_LIST || name.split("/")[0] === OWN_DIRECTORY)
    return "the run itself has that name";
  if (Buffer.byteLength(name) > MOST_PATH_BYTES) return "it is too long";
  if (name.startsWith("/")) return "it is absolute";
  // Control characters, and half of a surrogate pair, which no file name can have.
  if (/\p{Cc}/u.test(name) || !name.isWellFormed())
    return "it has characters that a file name cannot have";
  for (const part of name.split("/")) {
    if (part === "") return "a part of it is empty";
    if (part === "." || part === "..") return `it has a part ${part}`;
    if (Buffer.byteLength(part) > MOST_BYTES)
      return `a part of it is longer than ${MOST_BYTES} bytes`;
  }
  return undefined;
}

/**
 * Checks that all names can stand beside each other: none is the directory of another one.
 * @throws Failure PATH_REFUSED
 */
export function checkNames(names: readonly string[]): void {
  const files = new Set(names);
  for (const name of names) {
    checkName(name);
    const parts = name.split("/");
    for (let length = 1; length < parts.length; length += 1) {
      const directory = parts.slice(0, length).join("/");
      if (files.has(directory))
        throw new Failure(
          "PATH_REFUSED",
          `${directory} is a file of the run, and ${name} lies in it`,
        );
    }
  }
}

/** A named thing of a data manifest. */
interface Named {
  readonly name: string;
}

/** Gives what sorts a list in the order that a manifest names things. */
export function orderOf(names: readonly Named[]): <T extends Named>(list: readonly T[]) => T[] {
  const order = new Map(names.map(({ name }, i) => [name, i]));
  return (list) => list.toSorted((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0));
}
