/** A running watcher. */
export interface Watcher {
  close(): Promise<void>;
}

/** Callbacks of a watcher. */
export interface WatchHandlers {
  /** A dataset's manifest grew, came or went. */
  readonly onGrowth: (dataset: string) => void;
  /** From now on nothing is missed; what came before was. Told again after directories came. */
  readonly onReady: () => void;
  /** Directories went a moment ago, and none came. */
  readonly onDirectories: () => void;
  /** The watcher cannot see everything; passes by schedule go on. May be told many times. */
  readonly onError: (error: unknown) => void;
}
