import { createHash } from "node:crypto";
import type { Digests } from "../storage/types.ts";

/** Hashes of bytes as they pass by. */
export interface Folding {
  add(chunk: Uint8Array): void;
  /** Of all that was added; ends it. */
  end(): Found;
}

/** The hashes of some bytes; MD5 only where it was asked for. */
export interface Found extends Digests {
  readonly sha256: string;
}

/** Begins with no byte. MD5 takes twice the time of SHA-256. */
export function folding({ withMd5 }: { readonly withMd5: boolean }): Folding {
  const [sha256, md5] = [createHash("sha256"), withMd5 ? createHash("md5") : undefined];
  return {
    add(chunk) {
      sha256.update(chunk);
      md5?.update(chunk);
    },
    end: () => ({
      sha256: sha256.digest("hex"),
      ...(md5 === undefined ? {} : { md5: md5.digest("hex") }),
    }),
  };
}

/** True where the digest that is known beforehand is the one that was found; undefined where none can be compared. */
export function agrees(known: Digests, found: Found): boolean | undefined {
  if (known.sha256 !== undefined) return known.sha256 === found.sha256;
  if (known.md5 === undefined || found.md5 === undefined) return undefined;
  return known.md5 === found.md5;
}
