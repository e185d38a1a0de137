/**
 * Runs every test: vitest's, and Python's unittest for what is in Python. Ends with the line
 * `N passed, N failed, N skipped`, counted from what the two report, and exits 1 unless all passed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const root = join(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "staging-sampler-tests-"));
const tallies = [runVitest(join(scratch, "vitest.json")), runPython()];
rmSync(scratch, { recursive: true });

const total = (what: keyof Tally) => tallies.reduce((sum, tally) => sum + tally[what], 0);
const [passed, failed, skipped] = [total("passed"), total("failed"), total("skipped")];
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function runVitest(report: string): Tally {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { status } = run("vitest", ["run", ...reporters]);
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numTotalTestSuites } =
    JSON.parse(readFileSync(report, "utf8")) as Record<string, number>;
  const failures = Math.max(numFailedTests ?? 0, status === 0 ? 0 : 1);
  return {
    passed: numPassedTests ?? 0,
    failed: numTotalTestSuites === 0 ? 1 : failures,
    skipped: (numPendingTests ?? 0) + (numTodoTests ?? 0),
  };
}

function runPython(): Tally {
  const args = ["-B", "-m", "unittest", "discover", "-s", "deploy/python", "-v"];
  const { stderr, status } = run("python3", args, "pipe");
  process.stdout.write(stderr);
  const ran = Number(/^Ran (\d+) tests? in/m.exec(stderr)?.[1] ?? 0);
  const count = (what: string) =>
    Number(new RegExp(String.raw`\b${what}=(\d+)`).exec(stderr)?.[1] ?? 0);
  const failures = count("failures") + count("errors");
  const skipped = count("skipped");
  const unexplained = status !== 0 && failures === 0 ? 1 : 0;
  return { passed: ran - failures - skipped, failed: failures + unexplained, skipped };
}

function run(
  command: string,
  args: readonly string[],
  stderr: "inherit" | "pipe" = "inherit",
): { readonly status: number | null; readonly stderr: string } {
  const done = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "inherit", stderr],
  });
  if (done.error !== undefined) throw done.error;
  return { status: done.status, stderr: done.stderr ?? "" };
}
