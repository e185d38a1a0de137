/**
 * Builds `dist-append/staging-sampler-append-<version>.tgz`, a package for producers on Node: the
 * append call with the files that it needs, and no other package. Called as `node
 * packaging/append.ts [--out DIR]`; prints the path.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./modules.ts";
import { VERSION } from "./tree.ts";

const ENTRY = "manifest/append.js";
const README = `# staging-sampler-append

Announces a file to [Staging Sampler](https://www.npmjs.com/package/staging-sampler): one atomic append
to its dataset's manifest, safe for many processes at once. It needs no other package.

\`\`\`js
import { appendEntry } from "staging-sampler-append";

await appendEntry({
  prefix: "/data/lake",
  dataset: "acme/orders/v1",
  raw: "raw/orders.csv",
  bronze: "bronze/orders.csv",
  mtime: 1737200000.5, // of the raw file, seconds since epoch; else read from raw, else from bronze
});
\`\`\`

It returns the line that was appended, and throws a \`Failure\` with a \`code\`: \`USAGE\`, or
\`MANIFEST_UNREADABLE\` where the manifest cannot be written.
`;

const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "dist-append") },
  },
});
const scratch = mkdtempSync(join(tmpdir(), "staging-sampler-append-"));
try {
  compile();
  cpSync(join(root, "LICENSE"), join(scratch, "LICENSE"));
  writeFileSync(join(scratch, "README.md"), README);
  writeFileSync(join(scratch, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  mkdirSync(values.out, { recursive: true });
  const args = ["pack", "--silent", "--pack-destination", values.out, scratch];
  const name = execFileSync("npm", args, { encoding: "utf8" }).trim();
  process.stdout.write(`${join(values.out, name)}\n`);
} finally {
  rmSync(scratch, { recursive: true });
}

/** Compiles the call and what it imports. @throws Error where that is another package */
function compile(): void {
  const project = join(scratch, "tsconfig.json");
  const compilerOptions = {
    rootDir: join(root, "src"),
    outDir: scratch,
    typeRoots: [join(root, "node_modules/@types")],
  };
  const files = [join(root, "src/manifest/append.ts")];
  const build = join(root, "tsconfig.build.json");
  writeFileSync(project, JSON.stringify({ extends: build, compilerOptions, files, include: [] }));
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", project], { stdio: "inherit" });
  rmSync(project);
  for (const file of globSync("**/*.js", { cwd: scratch })) {
    const text = readFileSync(join(scratch, file), "utf8");
    const [, name] = /^(?:import|export)\s[^;]*?from\s+"(?!node:|\.)([^"]+)"/m.exec(text) ?? [];
    if (name !== undefined) throw new Error(`${file} needs ${name}`);
  }
}

/** Our own fields are those of the program's package. */
function manifest(): object {
  const { license, engines, keywords } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  ) as { readonly [field: string]: unknown };
  return {
    name: "staging-sampler-append",
    version: VERSION,
    description: "Announces files to Staging Sampler: one atomic append to a manifest",
    license,
    type: "module",
    engines,
    keywords,
    exports: { ".": { types: `./${ENTRY.replace(/js$/, "d.ts")}`, default: `./${ENTRY}` } },
  };
}
