import { lstat, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { errorMessage, Failure } from "../errors.ts";
import { entriesBelow } from "../lake/entries-below.ts";
import { DOCUMENT, FILES, USES } from "./document.ts";

/** A file that is to be sent. */
export interface SourceFile {
  /** Its name below the staging's id. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** A file or a tree that a person names. */
export interface Source {
  readonly kind: "file" | "tree";
  /** Absolute. */
  readonly path: string;
  /** Its last part. */
  readonly name: string;
}

/** Told of what is no file and no directory: links, sockets, devices. */
export type OnLeftOut = (path: string, what: string) => void;

/** Bytes of a key, with the id before it, and what a compression adds after it. */
const MOST_BYTES = 1024 - "stage-0123456789ab/.zst".length;

/** Looks what a path is. @throws Failure USAGE where it is nothing that can be sent */
export async function sourceAt(text: string): Promise<Source> {
  const path = resolve(text);
  const found = await stat(path).catch((error: unknown) => {
    throw new Failure("USAGE", `${path} cannot be sent: ${errorMessage(error)}`, { cause: error });
  });
  if (!found.isFile() && !found.isDirectory())
    throw new Failure("USAGE", `${path} is neither a file nor a directory`);
  return { kind: found.isFile() ? "file" : "tree", path, name: basename(path) };
}

/**
 * The files of a source, in no order; links are not followed.
 * @throws Failure PATH_REFUSED for a name that no key can have; as `entriesBelow`
 */
export async function* filesOf(
  source: Source,
  onLeftOut: OnLeftOut = () => {},
): AsyncGenerator<SourceFile, void, void> {
  if (source.kind === "file") {
    const { name, path } = source;
    checkName(name, path);
    return yield { name, path };
  }
  for await (const { path: name, entry } of entriesBelow(source.path)) {
    const path = join(source.path, name);
    if (entry.isFile()) {
      checkName(name, path);
      yield { name, path };
    } else onLeftOut(path, entry.isSymbolicLink() ? "a link" : "no regular file");
  }
}

/** True where a source has a file of that name. */
export async function hasFile(source: Source, name: string): Promise<boolean> {
  if (source.kind === "file") return name === source.name;
  const found = await lstat(join(source.path, name)).catch(() => undefined);
  return found?.isFile() === true;
}

function checkName(name: string, path: string): void {
  const [first] = name.split("/");
  const why =
    first === DOCUMENT || first === FILES || `${first}/` === USES
      ? "the staging itself has that name"
      : name.includes("\ufffd")
        ? "its name is not UTF-8"
        : /\p{Cc}/u.test(name)
          ? "its name has control characters"
          : Buffer.byteLength(name) > MOST_BYTES
            ? `its name is longer than ${MOST_BYTES} bytes`
            : undefined;
  if (why !== undefined) throw new Failure("PATH_REFUSED", `${path} cannot be sent: ${why}`);
}
