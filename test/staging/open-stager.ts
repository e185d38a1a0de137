import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadStaging } from "../../src/config/load.ts";
import type { StagingSettings } from "../../src/config/staging-settings.ts";
import type { StagingEvent } from "../../src/staging/context.ts";
import { openStager, type Stager } from "../../src/staging/stager.ts";

/** Staging in a directory of its own, which goes at the end. */
export interface TestStager extends AsyncDisposable {
  readonly directory: string;
  readonly settings: StagingSettings;
  readonly stager: Stager;
  readonly events: readonly StagingEvent[];
  /** Opens it once more, as another process would. */
  another(): Promise<Stager>;
}

/** Opens it, with some settings of its own. */
export async function testStager(more: Partial<StagingSettings> = {}): Promise<TestStager> {
  const directory = await mkdtemp(join(tmpdir(), "sampler-staging-"));
  const defaults = loadStaging({ env: { XDG_STATE_HOME: directory } });
  const settings = { ...defaults, retries: 1, ...more };
  const events: StagingEvent[] = [];
  const open = () => openStager(settings, { onEvent: (event) => void events.push(event) });
  const opened = [await open()];
  return {
    directory,
    settings,
    stager: opened[0] as Stager,
    events,
    async another() {
      const stager = await open();
      opened.push(stager);
      return stager;
    },
    async [Symbol.asyncDispose]() {
      for (const stager of opened) await stager.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
