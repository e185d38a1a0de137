import type { Settings } from "../../src/config/settings.ts";
import { createLake } from "../../src/lake/lake.ts";
import { createSampleDirectory } from "../../src/samples/sample-directory.ts";
import { type Effects, unquoting, withLinks } from "../../src/sampling/effects.ts";
import { createRunJob } from "../../src/sampling/job/run-job.ts";

/** Effects whose jobs run in this process. */
export function effectsHere(settings: Settings): Effects {
  const lake = createLake(settings);
  const run = withLinks(lake, unquoting(settings, createRunJob(settings)));
  const runner = { run, release: () => undefined, wasClean: () => true, takeEnded: () => [] };
  return { runner, samples: createSampleDirectory(lake) };
}
