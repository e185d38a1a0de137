import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { loadStaging } from "../../../src/config/load.ts";
import type { StagingSettings } from "../../../src/config/staging-settings.ts";
import { serveStaging } from "../../../src/http/api/serve.ts";
import { type Answer, ask } from "../../helpers/ask.ts";

/** A staging service on a unix socket, in a directory of its own. */
export interface TestService extends AsyncDisposable {
  readonly directory: string;
  readonly settings: StagingSettings;
  readonly url: string;
  readonly log: readonly string[];
  ask(method: string, path: string, body?: unknown, headers?: object): Promise<Answer>;
  /** Ends it, and begins another one with the same state. */
  restart(): Promise<void>;
}

/** Starts one that may fetch from loopback. */
export async function startService(more: Partial<StagingSettings> = {}): Promise<TestService> {
  const directory = await mkdtemp(join(tmpdir(), "sampler-service-"));
  const defaults = loadStaging({ env: { XDG_STATE_HOME: directory } });
  const hosts = { allow: ["*", "127.0.0.1"], deny: [] };
  const settings = { ...defaults, hosts, retries: 1, ...more };
  const log: string[] = [];
  const write = (line: string) => void log.push(line);
  const open = () => serveStaging(settings, pino({}, { write }));
  let server = await open();
  return {
    directory,
    settings,
    get url() {
      return server.url;
    },
    log,
    ask: (method, path, body, headers) => ask(server.url, { method, path, body, headers }),
    async restart() {
      await server.close();
      server = await open();
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A file with a token. */
export async function tokenFile(directory: string, token: string): Promise<string> {
  const path = join(directory, "token");
  await writeFile(path, `${token}\n`);
  return path;
}
