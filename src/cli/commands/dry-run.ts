import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachePath, openCache } from "../../store/sqlite/open.ts";
import type { Settings } from "../../config/settings.ts";
import type { Effects } from "../../sampling/drain/drain.ts";
import type { PassEvent } from "../../sampling/events.ts";
import { createPass } from "../../sampling/pass.ts";
import { openCacheIfAny } from "../../store/sqlite/open-if-any.ts";
import type { Context } from "../command.ts";

import { printLine, tell } from "../output/print.ts";
import { exitCodeOf, troubleOf } from "../output/pass-progress.ts";

/**
 * Says what a pass would do: a real pass on a copy of the cache, whose jobs print themselves
 * instead of being done. Works beside the running daemon.
 */
export async function dryRun(settings: Settings, context: Context): Promise<number> {
  const state = mkdtempSync(join(tmpdir(), "staging-sampler-"));
  try {
    await copyCache(settings.state, state);
    const { db } = openCache(state);
    const effects = printingEffects(context);
    const report = (event: PassEvent) => {
      const trouble = troubleOf(event);
      if (trouble !== undefined) tell(context, trouble);
    };
    const pass = createPass({ db, settings, effects, report });
    const { summary } = await pass({
      settles: true,
      isStopping: () => false,
      isOver: () => false,
      abandon: new AbortController().signal,
    });
    db.close();
    const { sampled, unchanged, rejected } = summary;
    tell(context, `would sample ${sampled}; unchanged ${unchanged}, rejected ${rejected}`);
    return exitCodeOf(summary);
  } finally {
    rmSync(state, { recursive: true });
  }
}

function printingEffects(context: Context): Effects {
  return {
    wasClean: () => true,
    giveBack: () => undefined,
    tidy: () => Promise.resolve(0),
    checkRemovable: () => undefined,
    addReceipts: () => Promise.resolve(),
    removeSample: (dataset, name) => printLine(context, `${dataset} samples/${name} → removed`),
    handle({ dataset, raw, name }) {
      printLine(context, `${dataset} ${raw} → samples/${name}`);
      const nothing = { format: "", complete: false, warnings: [], bytes: 0, readBytes: 0 };
      const unread = { ...nothing, recognisedBy: "name", sourceSize: 0, ms: 0 } as const;
      return Promise.resolve({ outcome: "sampled", ...unread });
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
