import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage, Failure, type FailureCode } from "../errors.ts";
import { eitherSignal } from "../lib/either-signal.ts";
import { redacted } from "../storage/location.ts";
import type { Lease, StoredObject } from "../store/staging-store.ts";
import { isGone } from "../system/process-name.ts";
import { type Downloaded, downloadIfChanged } from "../transfer/download.ts";
import type { Progress, Staged, StagingContext, Wanted } from "./context.ts";
import { type OwnLease, takeLease } from "./lease.ts";
import { proveRight } from "./prove-right.ts";
import {
  adoptPartial,
  partialPath,
  remakeStore,
  removePartial,
  storedPath,
} from "./store-directory.ts";
import { stagedFrom, storedObject, storedWithHash, used } from "./stored.ts";
import { objectKey, transferKey } from "./wanted.ts";
import { limitsOf } from "../transfer/limits-of.ts";

/** Options of `transferObject`. */
export interface TransferOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** A lease without a sign of life for this long can be taken over, ms. */
const SILENT_MS = 30_000;
/** Somebody else's transfer is looked at this often, ms. */
const LOOK_MS = 200;

/**
 * Brings an object into the store: one transfer for all processes that want it at the same time. Who
 * waits for another's shows by one request that it may have the object. One that the store has costs a
 * conditional request; with a known hash, none.
 * @throws Failure as `download`; the signal's reason once it is aborted
 */
export async function transferObject(
  wanted: Wanted,
  context: StagingContext,
  options: TransferOptions,
): Promise<Staged> {
  const byHash = await storedWithHash(wanted, context);
  if (byHash !== undefined) return byHash;
  const key = transferKey(wanted);
  let right: Promise<void> | undefined;
  for (;;) {
    options.signal.throwIfAborted();
    const lease = await context.store.leases.look(key);
    if (lease !== undefined && isAtWork(lease)) {
      await (right ??= proveRight(wanted, context, options.signal));
      const staged = await otherOnes(key, lease, wanted, context, options);
      if (staged !== undefined) return staged;
    } else {
      const own = await takeLease(context.store.leases, key, lease?.token);
      if (own === undefined) continue;
      const staged = await ownTransfer(own, lease, wanted, context, options);
      if (staged !== undefined) return staged;
    }
  }
}

/** True where it is the URL's signature that was refused, and not the object that fails. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Failure && /^(FORBIDDEN|URL_EXPIRED)$/.test(error.code);
}

function isAtWork({ state, owner, beatAt }: Lease): boolean {
  return state === "held" && !isGone(owner) && Date.now() - beatAt < SILENT_MS;
}

/**
 * Waits for another process. Undefined where it has let go, and somebody else may go on.
 * @throws Failure as the other one's
 */
async function otherOnes(
  key: string,
  { token }: Lease,
  wanted: Wanted,
  context: StagingContext,
  { signal, onProgress }: TransferOptions,
): Promise<Staged | undefined> {
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal });
    const lease = await context.store.leases.look(key);
    if (lease === undefined) {
      const found = await storedObject(wanted, context);
      return found === undefined ? undefined : stagedFrom(found, context, "transfer");
    }
    if (lease.token !== token || !(lease.state === "failed" || isAtWork(lease))) return undefined;
    if (lease.state === "failed") {
      const failure = new Failure((lease.code ?? "UNEXPECTED") as FailureCode, lease.message ?? "");
      // Ours may have another signature.
      if (isRefusal(failure)) return undefined;
      throw failure;
    }
    onProgress(lease);
  }
}

/**
 * Transfers it, from where the lease `before` was left. Undefined where another process has taken the
 * lease over, as from one that hung.
 */
async function ownTransfer(
  own: OwnLease,
  before: Lease | undefined,
  wanted: Wanted,
  context: StagingContext,
  options: TransferOptions,
): Promise<Staged | undefined> {
  const { leases } = context.store;
  const { key, token, lost } = own;
  using either = eitherSignal(options.signal, lost);
  const { signal } = either;
  const onProgress = (now: Progress) => {
    own.tell(now);
    options.onProgress(now);
  };
  try {
    const staged = await fetched(own, before, wanted, context, { signal, onProgress });
    await leases.remove(key, token);
    return staged;
  } catch (error) {
    if (lost.aborted && !options.signal.aborted) {
      await removePartial(partialPath(context.settings.store, key, token));
      return undefined;
    }
    // What was fetched is left for the next one, who may be waiting in another process.
    const failure = options.signal.aborted ? undefined : failureOf(error);
    // A lease that cannot be given back runs out.
    await leases.release(key, token, failure).catch(() => undefined);
    throw error;
  } finally {
    own.end();
  }
}

function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  const code = error instanceof Failure ? error.code : "UNEXPECTED";
  return { code, message: errorMessage(error) };
}

async function fetched(
  { key, token }: OwnLease,
  before: Lease | undefined,
  wanted: Wanted,
  context: StagingContext,
  { signal, onProgress }: TransferOptions,
): Promise<Staged> {
  const { settings, store, storages } = context;
  const part = partialPath(settings.store, key, token);
  await remakeStore(settings.store);
  if (before !== undefined) {
    const isFree = before.state !== "held" || isGone(before.owner);
    await adoptPartial(partialPath(settings.store, key, before.token), part, { isGone: isFree });
  }
  const known = await storedObject(wanted, context);
  const done = await downloadIfChanged(wanted.url, {
    storages,
    part,
    target: (sha256) => storedPath(settings.store, sha256),
    mode: 0o440,
    syncsName: false,
    sha256: wanted.sha256,
    bytes: wanted.bytes,
    decompress: wanted.decompress,
    unless: known?.version,
    ...limitsOf(context),
    signal,
    onProgress: (bytes, size) => onProgress({ phase: "transferring", bytes, size }),
  });
  if (done === undefined) return await used(known as StoredObject, context);
  const object = objectOf(done, wanted);
  await store.files.add(object, Date.now());
  return stagedFrom(object, context, "transfer");
}

function objectOf(done: Downloaded, wanted: Wanted): StoredObject {
  const { sha256, bytes, verified, version, encoding, encoded } = done;
  const [key, location] = [objectKey(wanted), redacted(wanted.url)];
  return { key, location, version, sha256, bytes, verified, encoding, encoded };
}
