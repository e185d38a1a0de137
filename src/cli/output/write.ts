import type { Output } from "./print.ts";

/**
 * Writes data and waits until the reader has taken it: all of it arrives before the process ends,
 * even if it is large or the reader is slow.
 */
export async function writeAll({ out }: Output, data: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    out.write(data, () => resolve());
  });
}
