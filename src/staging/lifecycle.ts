/** State of a file: `cancelled` and `failed` ones can be staged again. */
export type FileState = "not-staged" | "staging" | "staged" | "failed" | "cancelled";

/** Things that happen to a file. */
export type FileEvent = "begin" | "finish" | "fail" | "cancel";

const next: Readonly<Record<FileState, Partial<Record<FileEvent, FileState>>>> = {
  "not-staged": { begin: "staging" },
  staging: { finish: "staged", fail: "failed", cancel: "cancelled" },
  staged: {},
  failed: { begin: "staging" },
  cancelled: { begin: "staging" },
};

/** The state after an event; one that cannot happen in a state changes nothing. */
export function nextState(state: FileState, event: FileEvent): FileState {
  return next[state][event] ?? state;
}
