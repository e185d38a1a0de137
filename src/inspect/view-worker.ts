/** A thread in which samples are shown: running out of memory here costs the page nothing else. */
import { parentPort } from "node:worker_threads";
import type { Failure } from "../errors.ts";
import { readWholeFile, type WholeOptions } from "../view/whole-file.ts";
import { readHead, readView, type View, type ViewOptions } from "../view/view.ts";

/** The job of a view thread. */
export interface ViewJob {
  readonly path: string;
  readonly options: ViewOptions;
  /** `head`: only its first lines or bytes; or what its end says of all its rows. */
  readonly shows: "content" | "head" | Pick<WholeOptions, "format" | "size">;
}

/** The answer of a view thread: the view, or what is wrong with the sample. */
export type ViewAnswer = { readonly view: View } | Pick<Failure, "code" | "message">;

parentPort?.on("message", async (job: ViewJob) => {
  parentPort?.postMessage(await answer(job));
});

async function answer({ path, options, shows }: ViewJob): Promise<ViewAnswer> {
  try {
    if (shows === "content") return { view: await readView(path, options) };
    if (shows === "head") return { view: await readHead(path, options) };
    return { view: await readWholeFile(path, { ...options, ...shows }) };
  } catch (error) {
    const { code, message } = error as Failure;
    return { code, message };
  }
}
