import { errorCode } from "../errors.ts";
import type { Settings } from "../config/settings.ts";
import { bootIdOf, checkAfterPowerLoss, type Checked } from "../sampling/upkeep/power-loss.ts";
import { processOf } from "../store/sqlite/process.ts";
import { type Db, hasCache, openCache, type OpenedCache } from "../store/sqlite/open.ts";
import { retryAfterUpgrade } from "../store/sqlite/retry-after-upgrade.ts";
import { VERSION } from "../version.ts";
import { findQuarantine, type Quarantine } from "../workers/quarantine.ts";

/** Options of `openForWork`. */
export interface OpenOptions {
  readonly settings: Settings;
  /** Told that a damaged cache was moved aside, and where it is kept. */
  readonly onMovedAside: (message: string) => void;
  /** Removes samples that are beyond their retention: on a full disk that makes room. */
  readonly makeRoom: () => Promise<void>;
}

/** Opens the cache; what an older version gave up is due again. @throws Failure CACHE_UNUSABLE */
export async function openForWork(options: OpenOptions): Promise<Db> {
  const { db, movedAside } = await openWithRoom(options);
  if (movedAside !== undefined) {
    const { path, reason } = movedAside;
    options.onMovedAside(
      `${reason}; it is kept as ${path}, and rebuilt from receipts and manifests`,
    );
  }
  retryAfterUpgrade(db, VERSION, Date.now());
  return db;
}

/** Files at which the last process died. To be called before any work begins. */
export function quarantineFor(db: Db, { state }: Settings): Quarantine {
  return findQuarantine(db, { state, bootId: bootIdOf() });
}

/** Options of `recover`. */
export interface RecoverOptions {
  readonly db: Db;
  readonly settings: Settings;
  readonly isStopping: () => boolean;
}

/**
 * Notes that work begins, and finds what a power loss took of the work before. To be called once
 * passes are made: they ask how the last process stopped.
 */
export function recover({
  db,
  settings,
  isStopping,
}: RecoverOptions): Promise<Checked | undefined> {
  processOf(db).setWorking();
  return checkAfterPowerLoss({ db, settings, bootId: bootIdOf(), isStopping });
}

async function openWithRoom({ settings, makeRoom }: OpenOptions): Promise<OpenedCache> {
  try {
    return openCache(settings.state);
  } catch (error) {
    const isFull = errorCode((error as Error).cause) === "SQLITE_FULL";
    if (!isFull || !hasCache(settings.state)) throw error;
    await makeRoom();
    return openCache(settings.state);
  }
}
