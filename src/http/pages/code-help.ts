import { type FailureCode, retryOf } from "../../errors.ts";

/** Text for the time at which something with a code is tried again, in general. */
export function retryText(code: FailureCode): string {
  return {
    later: "Tried again by itself: after 5 s, doubling to 1 h, for 24 h.",
    few: "Tried three times; then again when a new manifest line names the file, or when retry asks.",
    change:
      "Tried again when the file's mtime or this program's version changes, or when retry asks.",
    line: "Tried again when a new manifest line names the file, or when retry asks.",
    pass: "Tried again with the next pass.",
    never: "Not tried again.",
  }[retryOf(code)];
}

/** Says how a dead letter comes to be tried again; `code` is null where that is not known. */
export function deadLetterText(code: FailureCode | null): string {
  const upgrade =
    code !== null && retryOf(code) === "change" ? ", a new version of this program" : "";
  return `Not by itself: only a new manifest line${upgrade} or retry.`;
}
