import { rest } from "../storage/rest.ts";
import { Unavailable } from "../storage/types.ts";
import type { StagingContext, Wanted } from "./context.ts";

/**
 * Asks for one byte of an object at the location of who waits for the transfer of another: the bytes are
 * only for those whom their source would give them to.
 * @throws Failure as the storage says; UNREACHABLE where it cannot be asked; the signal's reason
 */
export async function proveRight(
  { url }: Wanted,
  { storages, settings }: StagingContext,
  signal: AbortSignal,
): Promise<void> {
  const { retries, stallMs } = settings;
  const request = { start: 0, end: 1, version: undefined, stallMs, signal };
  for (let failures = 1; ; failures += 1) {
    try {
      const reply = await storages.of(url).read(url, request);
      return reply.close();
    } catch (error) {
      // It does send bytes, though not the one that was asked for.
      if (error instanceof Unavailable && error.isOther) return;
      await rest(error, failures, { retries, signal });
    }
  }
}
