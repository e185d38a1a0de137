import type { Settings } from "../config/settings.ts";
import { checkAfterPowerLoss, type Checked } from "../sampling/upkeep/power-loss.ts";
import { keepKey, makeKey } from "../lake/state-key.ts";
import { bootIdOf } from "../system/boot-id.ts";
import { formats } from "../formats/index.ts";
import { VERSION } from "../version.ts";
import { findQuarantine, type Quarantine } from "../workers/quarantine.ts";
import type { Store } from "../store/store.ts";
import { hasStore, isFull, openStore, type OpenedStore } from "../store/open.ts";

const PROGRAM = { version: VERSION, formats: formats.map(({ name }) => name) };

/** Options of `openForWork`. */
export interface OpenOptions {
  readonly settings: Settings;
  /** Called when a damaged cache was moved aside, with a message that says where it is kept. */
  readonly onMovedAside: (message: string) => void;
  /** Removes samples that are beyond their retention: on a full disk that makes room. */
  readonly makeRoom: () => Promise<void>;
  /** True where other hosts may do a part of the work. */
  readonly isShared?: boolean;
}

/**
 * Opens the cache; entries that an older version gave up, or could only describe, are due again.
 * @throws Failure CACHE_UNUSABLE
 */
export async function openForWork(options: OpenOptions): Promise<Store> {
  const { store, movedAside } = await openWithRoom(options);
  if (movedAside !== undefined) {
    const { path, reason } = movedAside;
    options.onMovedAside(
      `${reason}; it is kept as ${path}, and rebuilt from receipts and manifests`,
    );
  }
  const { state } = options.settings;
  const key = await store.process.sharedKey(() => makeKey(state));
  if (key !== undefined) keepKey(state, key);
  await store.changes.retryAfterUpgrade(PROGRAM, Date.now());
  return store;
}

/** Finds the files at which the last process died. To be called before any work begins. */
export function quarantineFor(store: Store, { state }: Settings): Promise<Quarantine> {
  return findQuarantine(store.process, { state, bootId: bootIdOf() });
}

/** Options of `recover`. */
export interface RecoverOptions {
  readonly store: Store;
  readonly settings: Settings;
  readonly isStopping: () => boolean;
}

/**
 * Notes that work begins, and finds the samples that a power loss took. To be called after passes
 * are created: they ask how the last process stopped.
 */
export async function recover({
  store,
  settings,
  isStopping,
}: RecoverOptions): Promise<Checked | undefined> {
  await store.process.setWorking();
  return checkAfterPowerLoss({ store, settings, bootId: bootIdOf(), isStopping });
}

async function openWithRoom({
  settings,
  makeRoom,
  isShared = false,
}: OpenOptions): Promise<OpenedStore> {
  try {
    return await openStore(settings, { isShared });
  } catch (error) {
    if (!isFull((error as Error).cause) || !hasStore(settings)) throw error;
    await makeRoom();
    return await openStore(settings, { isShared });
  }
}
