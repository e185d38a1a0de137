import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Failure } from "../errors.ts";
import type { ConfigInput } from "./load.ts";
import type { LoadAnswer } from "./load-worker.ts";
import { type Settings, settingsOf } from "./settings.ts";

const program = new URL(
  `./load-worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/**
 * Reads the configuration as `loadConfig` does, in a thread that ends with it: the schema and the
 * YAML reader take memory that a long-running process does not need again (docs/performance.md).
 * @throws Failure CONFIG_INVALID
 */
export async function loadConfigApart({ config, prefix, env }: ConfigInput): Promise<Settings> {
  const worker = new Worker(program, { workerData: { config, prefix, env: { ...env } } });
  // Both are awaited from the beginning: an answer may come together with the end.
  const [[answer]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
  return settingsIn(answer as LoadAnswer);
}

function settingsIn(answer: LoadAnswer): Settings {
  if ("origin" in answer) return settingsOf(answer.origin);
  throw new Failure(answer.code, answer.message);
}
