import { watch, type FSWatcher } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../../errors.ts";
import { concurrently } from "../../lib/concurrently.ts";

/** Options of a directory tree: its root, its layout, its listener. */
export interface TreeOptions {
  readonly root: string;
  /** The paths to follow below a directory. @throws errno */
  readonly below: (directory: string) => Promise<readonly string[]>;
  /** Called with an event in a directory, or of the directory itself; the name is its own then. */
  readonly onEvent: (directory: string, event: string, name: string | null) => void;
  /** Called when a directory cannot be followed. */
  readonly onError: (error: unknown) => void;
}

/** Directories that are followed by events of the kernel. */
export interface Tree {
  /**
   * Follows the directories that stand at these paths now, and those below them; it no longer
   * follows those that stood there before. With `true`, a directory is followed again even if it
   * seems to be the same: a new one may have the inode of one that was removed.
   */
  refresh(paths: ReadonlyMap<string, boolean>): Promise<Refreshed>;
  has(path: string): boolean;
  close(): void;
}

/** The changes of a refresh. */
export interface Refreshed {
  readonly came: number;
  readonly went: number;
}

interface Followed {
  readonly identity: string;
  readonly watcher: FSWatcher;
  /** Paths followed directly below; most directories have none or one. */
  below?: Set<string>;
}

/** Codes for a path where no directory stands. Passes report a link's loop. */
const NOT_THERE = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/** Creates a tree that follows nothing yet. Links to directories are followed. */
export function createTree({ root, below, onEvent, onError }: TreeOptions): Tree {
  const followed = new Map<string, Followed>();
  let isClosed = false;
  let came = 0;
  let went = 0;
  return {
    async refresh(paths) {
      [came, went] = [0, 0];
      for (const [path, isReplaced] of paths) if (isReplaced) unfollow(path);
      let level = [...paths.keys()];
      while (level.length > 0) level = (await concurrently(level, follow)).flat();
      return { came, went };
    },
    has: (path) => followed.has(path),
    close() {
      isClosed = true;
      unfollow(root);
    },
  };

  /**
   * Follows the directory at a path, and returns the paths to follow below it. It is identified,
   * then watched, then listed: its own events, or those of the one above, tell of anything that
   * happens between.
   */
  async function follow(path: string): Promise<readonly string[]> {
    try {
      const identity = await identityOf(path);
      const isReachable = path === root || followed.has(dirname(path));
      if (isClosed || !isReachable || followed.get(path)?.identity === identity) return [];
      unfollow(path);
      if (identity === undefined) return [];
      begin(path, identity);
      return await list(path);
    } catch (error) {
      if (!NOT_THERE.has(errorCode(error) ?? "")) onError(error);
      return [];
    }
  }

  function begin(path: string, identity: string): void {
    const watcher = watch(path, onEvent.bind(undefined, path));
    watcher.on("error", onError);
    followed.set(path, { identity, watcher });
    const above = followed.get(dirname(path));
    if (above !== undefined) (above.below ??= new Set()).add(path);
    came += 1;
  }

  /**
   * Lists the paths below. Nothing is followed by half: a directory that cannot be listed is tried
   * again as a whole.
   */
  async function list(path: string): Promise<readonly string[]> {
    try {
      return await below(path);
    } catch (error) {
      unfollow(path);
      throw error;
    }
  }

  function unfollow(path: string): void {
    const gone = followed.get(path);
    if (gone === undefined) return;
    for (const each of gone.below ?? []) unfollow(each);
    gone.watcher.close();
    followed.delete(path);
    followed.get(dirname(path))?.below?.delete(path);
    went += 1;
  }
}

/**
 * Identity of a directory, which tells it from another one at the same path; undefined where there
 * is none.
 */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? `${found.dev}:${found.ino}:${found.birthtimeMs}` : undefined;
  } catch (error) {
    if (NOT_THERE.has(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}
