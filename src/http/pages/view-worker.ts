/** A thread in which samples are shown: running out of memory here costs the page nothing else. */
import { parentPort } from "node:worker_threads";
import type { Failure } from "../../errors.ts";
import { readView, type View, type ViewOptions } from "../../view/view.ts";

/** The job of a view thread. */
export interface ViewJob {
  readonly path: string;
  readonly options: ViewOptions;
}

/** The answer of a view thread: the view, or what is wrong with the sample. */
export type ViewAnswer = { readonly view: View } | Pick<Failure, "code" | "message">;

parentPort?.on("message", async ({ path, options }: ViewJob) => {
  parentPort?.postMessage(await answer(path, options));
});

async function answer(path: string, options: ViewOptions): Promise<ViewAnswer> {
  try {
    return { view: await readView(path, options) };
  } catch (error) {
    const { code, message } = error as Failure;
    return { code, message };
  }
}
