import type { Output } from "./print.ts";

/**
 * Writes data and waits until the reader has taken it: however large it is and however long
 * they take, all of it arrives before the process ends.
 */
export async function writeAll({ out }: Output, data: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    out.write(data, () => resolve());
  });
}
