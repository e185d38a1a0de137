import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The checkout. */
export const root = join(import.meta.dirname, "..");

/** Machines that the program is packed for, as Debian names them, with Node's names. */
const machines = { amd64: "x64", arm64: "arm64" } as const;
/** The name of one of them. */
export type Architecture = keyof typeof machines;

/** The packages that the program needs on a machine, and its Node. */
export interface Modules {
  /** The path of `node_modules`. */
  readonly directory: string;
  /** Path of the program `node`. */
  readonly node: string;
}

/** The name of this machine, or of the one that is asked for. @throws Error where none is made for it */
export function architectureOf(asked: string | undefined): Architecture {
  const names = Object.keys(machines) as Architecture[];
  const found = names.find((name) => (asked ?? process.arch) === (asked ? name : machines[name]));
  if (found === undefined)
    throw new Error(`nothing is made for ${asked ?? process.arch}: use ${names.join(" or ")}`);
  return found;
}

/** Node's name of a machine. */
export function nodeName(architecture: Architecture): string {
  return machines[architecture];
}

/**
 * The packages for a machine: those of this checkout, or, for another one, those that npm installs
 * below `scratch` by the same lock file. All that is native comes prebuilt, so nothing is compiled.
 */
export function modulesFor(architecture: Architecture, scratch: string): Modules {
  const cpu = machines[architecture];
  if (cpu === process.arch)
    return { directory: root, node: join(root, "node_modules/node/bin/node") };
  const directory = join(scratch, "modules");
  mkdirSync(directory);
  for (const name of ["package.json", "package-lock.json"])
    cpSync(join(root, name), join(directory, name));
  npm(directory, cpu, ["ci", "--omit=dev"]);
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  const runtime = join(scratch, "runtime");
  mkdirSync(runtime);
  writeFileSync(join(runtime, "package.json"), "{}");
  // By force: npm would not install what it is told to by name for another processor.
  npm(runtime, cpu, ["install", "--force", `node-linux-${cpu}@${devDependencies["node"]}`]);
  return { directory, node: join(runtime, `node_modules/node-linux-${cpu}/bin/node`) };
}

/** Has npm install for a processor. */
function npm(directory: string, cpu: string, command: readonly string[]): void {
  const machine = ["--os=linux", "--libc=glibc", `--cpu=${cpu}`];
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", [...command, ...machine, ...quiet], {
    cwd: directory,
    stdio: ["ignore", "ignore", "inherit"],
  });
}
