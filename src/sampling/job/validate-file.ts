import { resolve } from "node:path";
import {
  type ContractCheck,
  createContractCheck,
  type LoadedContract,
} from "../../checks/contract/contract-check.ts";
import { createChecks } from "../../checks/checks.ts";
import { readMaskKey } from "../../config/mask-key.ts";
import type { DatasetSettings, Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { createLake } from "../../lake/lake.ts";
import { openLocalFile } from "../../lake/local-file.ts";
import { startDeadline } from "../../lib/deadline.ts";
import { HEAD_BYTES, type Source } from "../../lib/source.ts";
import { fileName } from "../../lib/text.ts";
import type { Mask } from "../../masking/mask.ts";
import { createMasks } from "../../masking/masks.ts";
import { unquotedError } from "../../masking/shown.ts";
import type { ListedEntry } from "../../store/rows.ts";
import { takeSample } from "../../view/take-sample.ts";
import { openBronzeOf } from "./open-bronze.ts";
import { createRemoteBronze } from "./remote-bronze.ts";

/** A file that is held to a contract now: nothing of it is written. */
export interface Validated {
  /** Null for a file that was named by its path. */
  readonly dataset: string | null;
  /** Raw, or the path. */
  readonly name: string;
  readonly check: ContractCheck;
}

/** Settings that a file is checked by. */
type FileSettings = Pick<DatasetSettings, "limits" | "extensions" | "contracts">;

/** A file, and what it is held to. */
interface Held {
  readonly raw: string;
  readonly settings: FileSettings;
  readonly loaded: LoadedContract;
  /** The mask of its dataset; undefined where that has none. */
  readonly mask: Mask | undefined;
}

/** Holds a file of this machine to a contract. @throws Failure for what cannot be sampled */
export async function validatePath(
  path: string,
  { settings, loaded, mask }: Omit<Held, "raw">,
): Promise<Validated> {
  const { limits } = settings;
  const { readBytes } = limits;
  const name = fileName(path);
  const memory = Buffer.allocUnsafe(HEAD_BYTES);
  return within(limits.seconds, async (signal) => {
    const options = { roots: ["/"], name, readBytes, signal, memory };
    const source = openLocalFile(resolve(path), options);
    try {
      const check = await checkOf(source, signal, { raw: path, settings, loaded, mask });
      return { dataset: null, name: path, check };
    } finally {
      source.close();
    }
  });
}

/** Creates the function that holds entries to contracts, by what bronze has now. */
export function createValidateEntry(
  settings: Settings,
): (entry: ListedEntry, loaded: LoadedContract) => Promise<Validated> {
  const lake = createLake(settings);
  const openRemote = createRemoteBronze(settings);
  const masks = createMasks(settings, readMaskKey);
  return async ({ dataset, raw, bronze, mtime }, loaded) => {
    const own = settings.forDataset(dataset);
    const { limits } = own;
    using held = lake.hold(dataset);
    const workplace = { dataset: held, samples: noSamples };
    const job = { dataset, raw, bronze, mtime, seq: 0, name: "", extension: null };
    // Not shared: a read that its deadline has left behind may still write into it.
    const memory = Buffer.allocUnsafe(HEAD_BYTES);
    return within(limits.seconds, async (signal) => {
      const options = { workplace, limits, signal, memory, openRemote };
      const source = await openBronzeOf(job, options);
      try {
        return {
          dataset,
          name: raw,
          check: await checkOf(source, signal, {
            raw,
            settings: own,
            loaded,
            mask: masks.of(dataset),
          }),
        };
      } finally {
        source.close();
      }
    });
  };
}

async function within<T>(seconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = startDeadline(seconds, new AbortController().signal);
  try {
    return await Promise.race([work(deadline.signal), deadline.rejected]);
  } finally {
    deadline.stop();
  }
}

async function checkOf(
  source: Source,
  signal: AbortSignal,
  { raw, settings: { limits, extensions, contracts }, loaded, mask }: Held,
): Promise<ContractCheck> {
  const check = createContractCheck(loaded, raw, contracts);
  const through = createChecks({ shape: false, contract: check, mask: mask?.step })?.through;
  try {
    await takeSample({ source, limits, signal, depth: 0, extensions, through });
  } catch (error) {
    throw mask === undefined ? error : unquotedError(error);
  }
  return check;
}

function noSamples(): never {
  throw new Failure("UNEXPECTED", "a validation writes no samples");
}
