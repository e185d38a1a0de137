import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../helpers/world.ts";
import { surroundings } from "../helpers/surroundings.ts";

const root = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 3_600_000;

test(
  "the commands of docs/raw.md run as they stand",
  async () => {
    const page = await readFile(join(root, "docs/raw.md"), "utf8");
    const blocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block as string);
    expect(blocks).toHaveLength(3);
    const directory = await mkdtemp(join(tmpdir(), "sampler-raw-guide-"));
    const bin = join(directory, "bin");
    await mkdir(bin);
    const program = `#!/bin/sh\nexec ${process.execPath} ${join(root, "src/main.ts")} "$@"\n`;
    await writeFile(join(bin, "staging-sampler"), program);
    await chmod(join(bin, "staging-sampler"), 0o755);
    // Fewer files, and more time for the last of them: starting the program takes longer than a race.
    const script = blocks.join("\n").replace("seq 50", "seq 8").replace("sleep 5;", "sleep 20;");
    const env = { ...surroundings, PATH: `${bin}:${surroundings["PATH"]}` };
    const shell = ["env", "-C", directory, "bash", "-e", "-c", script];
    const { code, stdout, stderr } = await run(shell, "/dev/null", { env });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^sampled 0, described 0, failed 0/m);
    expect(stdout).toMatch(/^sampled 1, described 0, failed 0/m);
    expect(stdout).toMatch(/^raw files: 1 confirmed, 0 moved/m);
    expect(stdout).toMatch(/^ {2}from +the raw file; a manifest line has confirmed it$/m);
    const [, heading = "", counts = ""] = /^(dataset +ok.*)\n(acme.*)$/m.exec(stdout) ?? [];
    const findings = Object.fromEntries(
      heading.split(/\s+/).map((name, i) => [name, counts.split(/\s+/)[i]]),
    );
    expect(findings).toMatchObject({ ok: "9", failed: "0", missing: "0", moved: "0" });
    await rm(directory, { recursive: true });
  },
  TIMEOUT_MS,
);
