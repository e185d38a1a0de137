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
 * YAML reader take memory that a process that stays does not need again (docs/performance.md).
 * @throws Failure CONFIG_INVALID
 */
export async function loadConfigApart({ config, prefix, env }: ConfigInput): Promise<Settings> {
  const worker = new Worker(program, { workerData: { config, prefix, env: { ...env } } });
  const [answer] = (await once(worker, "message")) as [LoadAnswer];
  await once(worker, "exit");
  if ("origin" in answer) return settingsOf(answer.origin);
  throw new Failure(answer.code, answer.message);
}
