/**
 * Lays out the program with its packages and its Node below a directory, as the Debian package has
 * them, for images of containers. Called as `node packaging/program.ts DIR [--arch amd64|arm64]` in a built
 * checkout.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { architectureOf, modulesFor, root } from "./modules.ts";
import { putProgram, setModes } from "./tree.ts";

const { values, positionals } = parseArgs({
  options: { arch: { type: "string" } },
  allowPositionals: true,
});
const [tree] = positionals;
if (tree === undefined)
  throw new Error("usage: node packaging/program.ts DIR [--arch amd64|arm64]");
const architecture = architectureOf(values.arch);
const scratch = mkdtempSync(join(tmpdir(), "staging-sampler-program-"));
try {
  const modules = modulesFor(architecture, scratch);
  putProgram(tree, { dist: join(root, "dist"), architecture, modules });
  setModes(tree);
} finally {
  rmSync(scratch, { recursive: true });
}
