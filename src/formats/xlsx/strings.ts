import type { Limits } from "../../lib/limits.ts";
import { latin1 } from "./package.ts";
import { edited, type Tag, tagsIn } from "./tags.ts";
import { textChunks } from "./text-chunks.ts";

/** Bytes of the table of strings that are gone through, at most. */
const MAX_TABLE_BYTES = 256 * 1024 * 1024;

/** The strings that sheets share, as far as they are used. Texts have a character for each byte. */
export interface SharedStrings {
  /** Everything before the first string; undefined where none was met. */
  readonly head: string | undefined;
  /** Strings by their index, with their tags. */
  readonly used: ReadonlyMap<number, string>;
  /** True where strings that are not in `used` are not in the file either. */
  readonly isWhole: boolean;
}

/** No strings, of a file without a table of them. */
export const noStrings: SharedStrings = { head: undefined, used: new Map(), isWhole: true };

/**
 * Reads the strings with some indexes (ECMA-376 part 1, 18.4.9), and no further than the last of
 * them, or a little more than a sample may have.
 * @throws what the chunks throw
 */
export async function readStrings(
  chunks: AsyncIterable<Uint8Array>,
  wanted: ReadonlySet<number>,
  limits: Limits,
): Promise<SharedStrings> {
  const used = new Map<number, string>();
  const last = lastOf(wanted);
  const most = limits.bytes + limits.recordBytes;
  let head: string | undefined;
  let held = "";
  let at = 0;
  let index = -1;
  let openAt = 0;
  let [keptBytes, readBytes] = [0, 0];

  for await (const text of textChunks(chunks, () => held.length)) {
    held += text;
    readBytes += text.length;
    const tags = tagsIn(held, at);
    for (let next = tags.next(); ; next = tags.next()) {
      if (next.done === true) at = next.value;
      if (next.done === true || take(next.value)) break;
    }
    if (index > last || Math.max(keptBytes, held.length) > most || readBytes > MAX_TABLE_BYTES) {
      return { head, used, isWhole: index > last };
    }
    if (head === undefined) continue;
    const done = wanted.has(index) ? openAt : at;
    held = held.slice(done);
    at -= done;
    openAt -= done;
  }
  return { head, used, isWhole: true };

  /** Takes a tag; true where no more are wanted. */
  function take(tag: Tag): boolean {
    if (tag.local !== "si") return false;
    head ??= held.slice(0, tag.start);
    if (tag.kind !== "close") {
      index += 1;
      openAt = tag.start;
    }
    if (tag.kind !== "open" && wanted.has(index)) {
      // A slice would hold all the text that it is a part of.
      const text = latin1(Buffer.from(held.slice(openAt, tag.end), "latin1"));
      used.set(index, text);
      keptBytes += text.length;
      openAt = tag.end;
    }
    return index > last || keptBytes > most;
  }
}

/** The table with some of its strings: others before the last of them are empty, so indexes stay. */
export function writeStrings(
  head: string,
  used: SharedStrings["used"],
  kept: ReadonlySet<number>,
): string {
  const root = [...tagsIn(head)].find(({ local }) => local === "sst");
  if (root === undefined) return head;
  const prefix = root.name.slice(0, -root.local.length);
  const empty = `<${prefix}si/>`;
  const parts = [withoutCounts(head, root)];
  for (let index = 0, last = lastOf(kept); index <= last; index += 1) {
    parts.push((kept.has(index) ? used.get(index) : undefined) ?? empty);
  }
  parts.push(`</${root.name}>`);
  return parts.join("");
}

/** Leaves out the numbers of strings, which are optional and would be wrong. */
function withoutCounts(head: string, root: Tag): string {
  const { start, end } = root;
  const tag = head
    .slice(start, end)
    .replace(/\s(?:count|uniqueCount)\s*=\s*(?:"[^"]*"|'[^']*')/g, "");
  return edited(head, [{ start, end, text: tag }]);
}

function lastOf(indexes: ReadonlySet<number>): number {
  let last = -1;
  for (const index of indexes) last = Math.max(last, index);
  return last;
}
