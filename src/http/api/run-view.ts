import type { z } from "@hono/zod-openapi";
import type { RunRow } from "../../store/staging-store.ts";
import type { runSchema } from "./schemas.ts";
import type { RunProgress } from "./background.ts";

/** A run as it is answered. */
export type RunView = z.output<typeof runSchema>;

/** The answer for a run, with how far it is where it is being staged. */
export function runView(run: RunRow, progress: RunProgress | undefined): RunView {
  const { id, directory, state, createdAt, expiresAt, result } = run;
  return {
    run_id: id,
    run_dir: directory,
    state,
    created_at: new Date(createdAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
    progress: Array.from(progress ?? [], ([name, { phase, bytes, size }]) => ({
      name,
      phase,
      bytes,
      size: size ?? null,
    })),
    result: (result ?? null) as RunView["result"],
  };
}
