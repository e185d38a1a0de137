import { randomUUID } from "node:crypto";
import type { LeaseProgress, Leases } from "../store/staging-store.ts";
import { ownName } from "../system/process-name.ts";

/** A lease that this process has, and gives signs of life for. */
export interface OwnLease {
  readonly key: string;
  readonly token: string;
  /** Aborted once another process has taken it over. */
  readonly lost: AbortSignal;
  /** Says how far it is, with the next sign of life. */
  tell(progress: LeaseProgress): void;
  /** Gives no sign of life any more; the lease is still there. */
  end(): void;
}

/** Time between two signs of life, ms. */
const BEAT_MS = 2000;

/**
 * Takes a lease that nobody has, or that of the holder `from`, which is known to be gone. Undefined where
 * somebody else was faster.
 */
export async function takeLease(
  leases: Leases,
  key: string,
  from?: string,
): Promise<OwnLease | undefined> {
  const token = randomUUID();
  const owner = ownName();
  if (!(await leases.take({ key, token, owner, from }, Date.now()))) return undefined;
  const lost = new AbortController();
  let progress: LeaseProgress = { phase: "preparing", bytes: 0, size: undefined };
  const beat = setInterval(() => void keep(), BEAT_MS).unref();
  return {
    key,
    token,
    lost: lost.signal,
    tell: (now) => void (progress = now),
    end: () => clearInterval(beat),
  };

  async function keep(): Promise<void> {
    try {
      if (await leases.keep(key, token, progress, Date.now())) return;
      lost.abort();
    } catch {
      // The next beat may come through; without any the lease runs out, and that is noticed.
    }
  }
}
