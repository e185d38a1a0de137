import type { Progress } from "../../staging/context.ts";
import type { Context } from "../command.ts";
import { createBar } from "./progress-bar.ts";

/** Forms of progress: a bar where a person looks, or lines of JSON on stderr. */
export type ProgressForm = "bar" | "json";

/** Shows how far the files of a run are. */
export interface StagingProgress {
  readonly update: (name: string, progress: Progress) => void;
  end(): void;
}

/** Time between two lines about one file, ms. */
const LINE_MS = 1000;

/** Makes it. */
export function createStagingProgress(context: Context, form: ProgressForm): StagingProgress {
  return form === "json" ? jsonLines(context) : overallBar(context);
}

/** One bar for the bytes of all files; the total is known once each file's size is. */
function overallBar(context: Context): StagingProgress {
  const bar = createBar(context, "bytes");
  const files = new Map<string, Progress>();
  let bytes = 0;
  return {
    update(name, progress) {
      bytes += progress.bytes - (files.get(name)?.bytes ?? 0);
      files.set(name, progress);
      bar.update(bytes, () => totalOf([...files.values()]));
    },
    end: () => bar.end(),
  };
}

function totalOf(files: readonly Progress[]): number | undefined {
  let total = 0;
  for (const { size } of files) {
    if (size === undefined) return undefined;
    total += size;
  }
  return total;
}

function jsonLines({ err }: Context): StagingProgress {
  const told = new Map<string, { readonly at: number; readonly phase: string }>();
  return {
    update(name, { phase, bytes, size }) {
      const before = told.get(name);
      const now = performance.now();
      if (before?.phase === phase && now - before.at < LINE_MS) return;
      told.set(name, { at: now, phase });
      err.write(`${JSON.stringify({ name, phase, bytes, size: size ?? null })}\n`);
    },
    end() {},
  };
}
