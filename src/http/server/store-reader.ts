import { errorMessage, Failure } from "../../errors.ts";
import { storeIdentity, isStoreError, openStoreToRead } from "../../store/open.ts";
import type { Store } from "../../store/store.ts";
import type { StorePlace } from "../../store/types.ts";

/** The store, to read beside the daemon. */
export interface StoreReader {
  /**
   * Returns the store. It is opened when it is needed, and again when it was replaced.
   * @throws Failure CACHE_UNUSABLE
   */
  store(): Promise<Store>;
  /** Closes the store; the next call opens it again. */
  drop(): void;
}

/** Longest wait for a writer, ms: less than the daemon waits for a sign of life. */
const BUSY_MS = 1000;

/** Makes a reader; nothing is opened yet. */
export function createStoreReader(place: StorePlace): StoreReader {
  let open: Promise<Store> | undefined;
  let identity: string | undefined;

  return { store, drop };

  async function store(): Promise<Store> {
    const found = identityNow(place);
    if (open !== undefined && found === identity) return await open;
    drop();
    const opening = openStoreToRead(place, { busyMs: BUSY_MS });
    open = opening;
    identity = found;
    try {
      return await opening;
    } catch (error) {
      if (open === opening) open = undefined;
      throw error;
    }
  }

  function drop(): void {
    // Where it could not be opened, its caller was told.
    open?.then((opened) => opened.close()).catch(() => undefined);
    open = undefined;
  }
}

/** True for an error of the store: the request is not at fault. */
export function isStoreFailure(error: unknown): boolean {
  if (error instanceof Failure) return error.code === "CACHE_UNUSABLE";
  return isStoreError(error);
}

function identityNow(place: StorePlace): string | undefined {
  try {
    return storeIdentity(place);
  } catch (error) {
    throw new Failure("CACHE_UNUSABLE", `cannot look at ${place.state}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
