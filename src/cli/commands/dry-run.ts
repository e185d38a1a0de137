import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import type { Effects } from "../../sampling/effects.ts";
import type { PassEvent } from "../../sampling/events.ts";
import { createPass } from "../../sampling/pass.ts";
import type { Context } from "../command.ts";

import { printLine, tell } from "../output/print.ts";
import { exitCodeOf, eventText } from "../output/pass-progress.ts";
import { copyCache, openStore } from "../../store/open.ts";

/**
 * Prints what a pass would do: it is a real pass on a copy of the cache, whose jobs are printed and
 * not done. Works beside the running daemon.
 * @throws Failure USAGE where the store is a database, which is not copied
 */
export async function dryRun(settings: Settings, context: Context): Promise<number> {
  if (settings.database !== undefined)
    throw new Failure("USAGE", "--dry-run works on a copy of the cache, and not of a database");
  const state = mkdtempSync(join(tmpdir(), "staging-sampler-"));
  try {
    await copyCache(settings.state, state);
    const { store } = await openStore({ state });
    const report = (event: PassEvent) => {
      const trouble = eventText(event);
      if (trouble !== undefined) tell(context, trouble);
    };
    const apart = { ...settings, state };
    const pass = await createPass({ ...printing(context), store, settings: apart, report });
    const { summary } = await pass({
      settles: true,
      isStopping: () => false,
      isOver: () => false,
      abort: new AbortController().signal,
    });
    await store.close();
    const { sampled, unchanged, rejected } = summary;
    tell(context, `would sample ${sampled}; unchanged ${unchanged}, rejected ${rejected}`);
    return exitCodeOf(summary);
  } finally {
    rmSync(state, { recursive: true });
  }
}

/** Creates effects that print what would be done, and do nothing. */
function printing(context: Context): Effects {
  const nothing = { format: "", complete: false, warnings: [], bytes: 0, readBytes: 0 };
  const unread = { ...nothing, recognisedBy: "name", sourceSize: 0, ms: 0 } as const;
  return {
    runner: {
      run({ dataset, raw, name }) {
        printLine(context, `${dataset} ${raw} → samples/${name}`);
        return Promise.resolve({ outcome: "sampled", ...unread });
      },
      wasClean: () => true,
      takeEnded: () => [],
      release: () => undefined,
    },
    samples: {
      cleanUp: () => Promise.resolve(0),
      addReceipts: () => Promise.resolve(),
      removeOthers: () => Promise.resolve(0),
      addFindings: () => Promise.resolve(),
      remove: (dataset, name) => printLine(context, `${dataset} samples/${name} → removed`),
      checkRemovable: () => undefined,
    },
  };
}
