import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openLogLines } from "../../src/log/log-lines.ts";

function scratch(): string {
  const path = mkdtempSync(join(tmpdir(), "sampler-lines-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** A pipe with both ends in this process. */
function pipe(): { readonly read: number; readonly write: number } {
  const path = join(scratch(), "pipe");
  execFileSync("mkfifo", [path]);
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY);
  onTestFinished(() => [read, write].forEach((fd) => closeSync(fd)));
  return { read, write };
}

/** All that is in a pipe. */
function drain(fd: number): string {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(65_536);
    try {
      const length = readSync(fd, chunk);
      if (length === 0) return Buffer.concat(chunks).toString();
      chunks.push(chunk.subarray(0, length));
    } catch {
      return Buffer.concat(chunks).toString();
    }
  }
}

test("a pipe that nobody reads takes no lines and stops nobody; what was dropped is counted once there is room", async () => {
  const { read, write } = pipe();
  const lines = openLogLines(write, (dropped) => lines.write(`${dropped} dropped\n`));
  const sent = 20_000;
  for (let i = 0; i < sent; i += 1) lines.write(`line ${i} ${"x".repeat(80)}\n`);
  let seen = "";
  while (!seen.includes(" dropped")) {
    seen += drain(read);
    await setImmediate();
  }
  const whole = seen.trimEnd().split("\n");
  const numbers = whole
    .filter((line) => line.startsWith("line "))
    .map((line) => line.split(" ")[1]);
  expect(numbers).toEqual(numbers.map((_, i) => String(i)));
  expect(numbers.length).toBeGreaterThan(2000);
  const told = whole.find((line) => line.endsWith(" dropped"));
  expect(told).toBe(`${sent - numbers.length} dropped`);
  expect(whole.every((line) => /^(line \d+ x{80}|\d+ dropped)$/.test(line))).toBe(true);
});

test("a device that is always full ends nothing", () => {
  const fd = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(fd));
  let dropped = 0;
  const lines = openLogLines(fd, (count) => (dropped += count));
  for (let i = 0; i < 10_000; i += 1) lines.write(`line ${i} ${"x".repeat(80)}\n`);
  expect(dropped).toBe(0);
});

test("lines go to a file in order, after what is there", () => {
  const path = join(scratch(), "log");
  const fd = openSync(path, "a");
  onTestFinished(() => closeSync(fd));
  const lines = openLogLines(fd, () => undefined);
  for (const line of ["a\n", "b\n", "ä\n"]) lines.write(line);
  expect(readFileSync(path, "utf8")).toBe("a\nb\nä\n");
});
