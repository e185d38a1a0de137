/**
 * Builds `dist-deb/staging-sampler_<version>_<arch>.deb` from `dist/` and `node_modules/`, with the
 * Node of this checkout inside, or, with `--arch`, for another machine than this one. The same sources
 * give the same bytes: times are those of the last commit, or SOURCE_DATE_EPOCH. Called as
 * `node packaging/deb.ts [--arch amd64|arm64] [--compression xz|zstd|none] [--dist DIR] [--out DIR]`;
 * prints the path.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { architectureOf, modulesFor, root } from "./modules.ts";
import { layOut, VERSION } from "./tree.ts";

const { values } = parseArgs({
  options: {
    arch: { type: "string" },
    compression: { type: "string", default: "xz" },
    dist: { type: "string", default: join(root, "dist") },
    out: { type: "string", default: join(root, "dist-deb") },
  },
});
// What is compressed in parallel depends on how many threads there are.
const env = {
  DPKG_DEB_THREADS_MAX: "2",
  SOURCE_DATE_EPOCH: committedAt(),
  ...process.env,
};
const architecture = architectureOf(values.arch);
const scratch = mkdtempSync(join(tmpdir(), "staging-sampler-deb-"));
try {
  const tree = join(scratch, "tree");
  const modules = modulesFor(architecture, scratch);
  layOut(tree, { dist: values.dist, architecture, modules }, Number(env.SOURCE_DATE_EPOCH));
  mkdirSync(values.out, { recursive: true });
  const deb = join(values.out, `staging-sampler_${VERSION}_${architecture}.deb`);
  const flags = ["--root-owner-group", `-Z${values.compression}`, "--build", tree, deb];
  execFileSync("dpkg-deb", flags, { env, stdio: ["ignore", "ignore", "inherit"] });
  process.stdout.write(`${deb}\n`);
} finally {
  rmSync(scratch, { recursive: true });
}

/** Of the last commit, seconds since epoch; the epoch where there is no repository. */
function committedAt(): string {
  try {
    const args = ["log", "-1", "--format=%ct"];
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return "0";
  }
}
