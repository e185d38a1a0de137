import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "sampler-test-"));
const installed = join(scratch, "node_modules/staging-sampler-append");
let packed = "";

const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { cwd: scratch, encoding: "utf8" });

beforeAll(() => {
  packed = run(process.execPath, join(root, "packaging/append.ts"), "--out", scratch).trim();
  mkdirSync(installed, { recursive: true });
  run("tar", "-xzf", packed, "-C", installed, "--strip-components", "1");
});

afterAll(() => rmSync(scratch, { recursive: true }));

test("the package for producers needs no other, and is small", () => {
  const manifest: unknown = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  expect(manifest).not.toHaveProperty("dependencies");
  expect(manifest).not.toHaveProperty("scripts");
  expect(statSync(packed).size).toBeLessThan(100_000);
});

test("its call appends one line, and refuses what is no entry with a code", () => {
  const script = `
    import { appendEntry } from "staging-sampler-append";
    const entry = { prefix: "lake", dataset: "a/b/v1", raw: "raw/x", bronze: "bronze/x", mtime: 1.5 };
    console.log(await appendEntry(entry));
    await appendEntry({ ...entry, dataset: "a/b" }).catch(({ code }) => console.log(code));`;
  const told = run(process.execPath, "--input-type=module", "--eval", script);
  const line = '{"raw":"raw/x","bronze":"bronze/x","mtime":1.5}\n';
  expect(told).toBe(`${line}USAGE\n`);
  expect(readFileSync(join(scratch, "lake/a/b/v1/manifests/processed.jsonl"), "utf8")).toBe(line);
});
