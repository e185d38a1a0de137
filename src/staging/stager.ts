import { realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { StagingSettings } from "../config/staging-settings.ts";
import { Failure } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import { nearestDirectory } from "../lake/nearest-directory.ts";
import { isAbsence } from "../lake/roots.ts";
import { createLatest } from "../lib/latest.ts";
import type { HostGuard } from "../storage/agents.ts";
import { locationOf, redacted } from "../storage/location.ts";
import { storagesOf } from "../storage/storages-of.ts";
import { openStaging } from "../store/open.ts";
import { hashFile } from "../transfer/hash-file.ts";
import { createRateLimit } from "../transfer/rate.ts";
import type { Progress, Staged, StagingContext, StagingEvent, Wanted } from "./context.ts";
import type { OwnLease } from "./lease.ts";
import { createFile, type StagedFile } from "./file.ts";
import { createSharedTransfers, type Join, type Ticket } from "./shared-transfers.ts";
import { makeStoreDirectories } from "./store-directory.ts";
import { storedAlready } from "./stored.ts";
import { sweepPartials } from "./store-upkeep.ts";
import { sweepRuns } from "./sweep-runs.ts";

/** Options of `openStager`. */
export interface StagerOptions {
  readonly onEvent?: (event: StagingEvent) => void;
  /** Judges the hosts that are asked; all are fine by default. */
  readonly guard?: HostGuard | undefined;
}

/** Options of `Stager.file`; the hash may have capitals. */
export type FileOptions = Omit<Wanted, "url">;

/** Staging on this machine: one for a process. */
export interface Stager {
  readonly context: StagingContext;
  readonly join: Join;
  /** A file to stage: a location as a person writes it. @throws Failure USAGE */
  file(location: string, options?: FileOptions): StagedFile;
  /** The same, for a file that is here: nothing is asked or fetched. @throws Failure FILE_MISSING */
  stored(location: string, options?: FileOptions): Promise<StagedFile>;
  /** Closes it; transfers that are under way are left for the next one. */
  close(): Promise<void>;
}

/**
 * Opens staging: makes its directories and removes what dead processes have left.
 * @throws Failure CACHE_UNUSABLE, CONFIG_INVALID, OUTPUT_UNWRITABLE
 */
export async function openStager(
  settings: StagingSettings,
  { onEvent = () => {}, guard }: StagerOptions = {},
): Promise<Stager> {
  const store = openStaging(settings.state);
  const storages = storagesOf(settings, guard);
  const rate = createRateLimit(settings.bytesPerSecond);
  const ownRuns = new Map<string, OwnLease>();
  const context: StagingContext = { settings, store, storages, rate, ownRuns, onEvent };
  try {
    await makeStoreDirectories(settings.store);
    await sweepPartials(context);
    await sweepRuns(context);
  } catch (error) {
    await store.close();
    throw error;
  }
  const shared = createSharedTransfers(context);
  const isHere = ({ url, decompress = false }: Wanted) => url.protocol === "file:" && !decompress;
  const join: Join = (wanted) => (isHere(wanted) ? local(wanted) : shared(wanted));
  return {
    context,
    join,
    file(location, options = {}) {
      const wanted = wantedOf(location, options);
      storages.of(wanted.url);
      const { url } = wanted;
      return createFile(redacted(url), () => join(wanted));
    },
    async stored(location, options = {}) {
      const wanted = wantedOf(location, options);
      const { url } = wanted;
      if (isHere(wanted)) return createFile(redacted(url), () => local(wanted));
      const found = await storedAlready(wanted, context);
      const file = createFile(redacted(url), () => here(found));
      file.stage();
      return file;
    },
    async close() {
      for (const lease of context.ownRuns.values()) lease.end();
      await store.close();
    },
  };
}

function wantedOf(location: string, { sha256, ...options }: FileOptions): Wanted {
  return { url: locationOf(location), sha256: sha256?.toLowerCase(), ...options };
}

/** A file that is there without a transfer. */
function here(staged: Staged): Ticket {
  const { bytes } = staged;
  const progress = createLatest<Progress>({ phase: "verifying", bytes, size: bytes });
  progress.end();
  return { staged: Promise.resolve(staged), progress, leave: () => {} };
}

/** A file of this machine is where it is: nothing is moved. */
function local(wanted: Wanted): Ticket {
  const progress = createLatest<Progress>({ phase: "preparing", bytes: 0, size: undefined });
  const staged = localFile(fileURLToPath(wanted.url), wanted).finally(progress.end);
  return { staged, progress, leave: () => {} };
}

async function localFile(path: string, { sha256, bytes }: Wanted): Promise<Staged> {
  const real = await realpath(path).catch(async (error: unknown) => {
    const code = isAbsence(error) ? "FILE_MISSING" : "FILE_UNREADABLE";
    const near = await nearestDirectory(dirname(path));
    const message = `${path}: ${systemMessage(error)}; ${near} is the nearest directory`;
    throw new Failure(code, message, { cause: error });
  });
  const found = await stat(real);
  if (!found.isFile()) throw new Failure("FILE_UNREADABLE", `${path}: not a regular file`);
  if (bytes !== undefined && found.size !== bytes)
    throw new Failure("CHECKSUM_MISMATCH", `${path} has ${found.size} bytes, not ${bytes}`);
  const hash = sha256 === undefined ? undefined : await hashFile(real);
  if (hash !== sha256)
    throw new Failure("CHECKSUM_MISMATCH", `${path} does not have the SHA-256 ${sha256}`);
  const verified = sha256 !== undefined || bytes !== undefined;
  return { path: real, bytes: found.size, sha256: hash, verified, from: "local" };
}
