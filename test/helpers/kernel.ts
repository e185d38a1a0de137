import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Kernel } from "../../src/load/cgroup.ts";

/** Directories in which files say what a kernel would. */
export interface Told extends Kernel, AsyncDisposable {
  write(files: Readonly<Record<string, string>>): Promise<void>;
}

/** Makes them. */
export async function createKernel(files: Readonly<Record<string, string>>): Promise<Told> {
  const root = await mkdtemp(join(tmpdir(), "sampler-kernel-"));
  const told: Told = {
    proc: join(root, "proc"),
    cgroups: join(root, "cgroups"),
    async write(more) {
      for (const [name, text] of Object.entries(more)) {
        await mkdir(dirname(join(root, name)), { recursive: true });
        await writeFile(join(root, name), text);
      }
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
  await told.write(files);
  return told;
}
