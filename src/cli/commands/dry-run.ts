import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachePath, openCache } from "../../store/sqlite/open.ts";
import type { Settings } from "../../config/settings.ts";
import type { Effects } from "../../sampling/effects.ts";
import type { PassEvent } from "../../sampling/events.ts";
import { createPass } from "../../sampling/pass.ts";
import { openCacheIfAny } from "../../store/sqlite/open-if-any.ts";
import type { Context } from "../command.ts";

import { printLine, tell } from "../output/print.ts";
import { exitCodeOf, eventText } from "../output/pass-progress.ts";

/**
 * Says what a pass would do: a real pass on a copy of the cache, whose jobs print themselves
 * instead of being done. Works beside the running daemon.
 */
export async function dryRun(settings: Settings, context: Context): Promise<number> {
  const state = mkdtempSync(join(tmpdir(), "staging-sampler-"));
  try {
    await copyCache(settings.state, state);
    const { db } = openCache(state);
    const report = (event: PassEvent) => {
      const trouble = eventText(event);
      if (trouble !== undefined) tell(context, trouble);
    };
    const pass = createPass({ ...printing(context), db, settings, report });
    const { summary } = await pass({
      settles: true,
      isStopping: () => false,
      isOver: () => false,
      abort: new AbortController().signal,
    });
    db.close();
    const { sampled, unchanged, rejected } = summary;
    tell(context, `would sample ${sampled}; unchanged ${unchanged}, rejected ${rejected}`);
    return exitCodeOf(summary);
  } finally {
    rmSync(state, { recursive: true });
  }
}

/** Prints what would be done, and does nothing. */
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
      release: () => undefined,
    },
    samples: {
      cleanUp: () => Promise.resolve(0),
      addReceipts: () => Promise.resolve(),
      remove: (dataset, name) => printLine(context, `${dataset} samples/${name} → removed`),
      checkRemovable: () => undefined,
    },
  };
}

async function copyCache(from: string, to: string): Promise<void> {
  const original = openCacheIfAny(from);
  if (original === undefined) return;
  try {
    await original.backup(cachePath(to));
  } finally {
    original.close();
  }
}
