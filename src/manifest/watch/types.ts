/** A running watcher. */
export interface Watcher {
  close(): Promise<void>;
}

/** Callbacks of a watcher. */
export interface WatchHandlers {
  /** False while another host looks after a dataset: it is not polled then. Events come of all. */
  readonly isOurs?: (dataset: string) => boolean;
  /** Called when a dataset's manifest grew, came or went. */
  readonly onGrowth: (dataset: string) => void;
  /**
   * Called when no change is missed from now on; earlier ones may have been. Called again after
   * directories came.
   */
  readonly onReady: () => void;
  /** Called when directories went a moment ago, and none came. */
  readonly onDirectories: () => void;
  /**
   * Called when the watcher cannot see everything; passes by schedule go on. Possibly many times.
   */
  readonly onError: (error: unknown) => void;
}
