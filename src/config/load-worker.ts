/**
 * A thread that reads the configuration once: the memory for checking it is freed with the thread.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Failure, type FailureCode } from "../errors.ts";
import { type ConfigInput, loadConfig } from "./load.ts";
import type { SettingsOrigin } from "./settings.ts";

/** The configuration, or the reason why it is refused. */
export type LoadAnswer =
  | { readonly origin: SettingsOrigin }
  | { readonly code: FailureCode; readonly message: string };

parentPort?.postMessage(answerOf(workerData as ConfigInput));

function answerOf(input: ConfigInput): LoadAnswer {
  try {
    return { origin: loadConfig(input).origin };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { code: error.code, message: error.message };
  }
}
