import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
/** The machine's number in the head of an ELF file. */
const MACHINES = { amd64: 0x3e, arm64: 0xb7 } as const;

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: root, encoding: "utf8" });
}

/** The programs and libraries below a directory → the number of the machine that they are for. */
function nativeBelow(directory: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    if (bytes.subarray(0, 4).toString("latin1") === "\x7fELF")
      found.set(path.slice(directory.length), bytes.readUInt16LE(18));
  }
  return found;
}

test("a package for another machine has native files of that machine only, as many as our own", (context) => {
  if (process.env["CROSS_PACKAGE"] === undefined)
    context.skip("CROSS_PACKAGE is not set: npm fetches all packages once more");
  const scratch = mkdtempSync(join(tmpdir(), "staging-sampler-cross-"));
  try {
    const dist = join(scratch, "dist");
    run(join(root, "node_modules/.bin/tsc"), "-p", "tsconfig.build.json", "--outDir", dist);
    const counts = Object.entries(MACHINES).map(([arch, machine]) => {
      const options = ["--arch", arch, "--dist", dist, "--out", scratch, "--compression", "none"];
      const deb = run(process.execPath, "packaging/deb.ts", ...options).trim();
      expect(run("dpkg-deb", "--field", deb, "Architecture").trim()).toBe(arch);
      run("dpkg-deb", "--extract", deb, join(scratch, arch));
      const native = nativeBelow(join(scratch, arch));
      expect([...native].filter(([, found]) => found !== machine)).toEqual([]);
      return native.size;
    });
    // Node, SQLite, calls of the system (for two C libraries), and three compressions.
    expect(counts).toEqual([7, 7]);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
