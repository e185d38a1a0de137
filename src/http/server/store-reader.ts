import { errorMessage, Failure } from "../../errors.ts";
import { cacheIdentity, isStoreError, openStoreToRead } from "../../store/open.ts";
import type { Store } from "../../store/store.ts";

/** The store, to read beside the daemon. */
export interface StoreReader {
  /**
   * Returns the store. It is opened when it is needed, and again when it was replaced.
   * @throws Failure CACHE_UNUSABLE
   */
  store(): Store;
  /** Closes the store; the next call opens it again. */
  drop(): void;
}

/** Longest wait for a writer, ms: less than the daemon waits for a sign of life. */
const BUSY_MS = 1000;

/** Makes a reader; nothing is opened yet. */
export function createStoreReader(state: string): StoreReader {
  let open: Store | undefined;
  let identity: string | undefined;

  return { store, drop };

  function store(): Store {
    const found = identityNow(state);
    if (open !== undefined && found === identity) return open;
    drop();
    open = openStoreToRead(state, { busyMs: BUSY_MS });
    identity = found;
    return open;
  }

  function drop(): void {
    void open?.close();
    open = undefined;
  }
}

/** True for an error of the store: the request is not at fault. */
export function isStoreFailure(error: unknown): boolean {
  if (error instanceof Failure) return error.code === "CACHE_UNUSABLE";
  return isStoreError(error);
}

function identityNow(state: string): string | undefined {
  try {
    return cacheIdentity(state);
  } catch (error) {
    throw new Failure("CACHE_UNUSABLE", `cannot look at ${state}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
