import { closeSync, fsync, openSync } from "node:fs";
import { promisify } from "node:util";

const fsyncInThread = promisify(fsync);

/** The sync of a directory that waits for the one under way, and all who wait for it. */
interface Syncing {
  readonly now: Promise<void>;
  next: Promise<void> | undefined;
}

const underWay = new Map<string, Syncing>();

/**
 * Brings the names in a directory to stable storage; those who ask while it is being done share the
 * next time. @throws errno
 */
export function syncDirectory(path: string): Promise<void> {
  const found = underWay.get(path);
  if (found === undefined) return begin(path);
  // It may have begun before the name was there.
  found.next ??= found.now.catch(() => {}).then(() => begin(path));
  return found.next;
}

function begin(path: string): Promise<void> {
  const now = sync(path);
  const syncing: Syncing = { now, next: undefined };
  underWay.set(path, syncing);
  const end = (): void => {
    if (syncing.next === undefined) underWay.delete(path);
  };
  now.then(end, end);
  return now;
}

async function sync(path: string): Promise<void> {
  // A name was just made in it: to open it takes no time.
  const directory = openSync(path, "r");
  try {
    await fsyncInThread(directory);
  } finally {
    closeSync(directory);
  }
}
