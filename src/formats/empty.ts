import type { Format } from "./types.ts";

/** A file without bytes: its sample is one too. */
export const empty: Format = {
  name: "empty",
  extensions: [],
  kind: "text",
  // oxlint-disable-next-line require-yield
  async *sample() {
    return { format: "empty", rows: 0, complete: true, warnings: [] };
  },
  draw: async () => "it is empty",
};
