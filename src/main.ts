#!/usr/bin/env node
import { becomeLean, LEAN_FLAGS, PASS_FLAGS } from "./system/memory-flags.ts";
import { holdSignals } from "./daemon/signals.ts";
import { shownBronze } from "./lib/bronze-url.ts";

/** Time that the end may take once all is done, ms. */
const END_MS = 2000;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isSupported = (major === 22 && minor >= 20) || (major === 24 && minor >= 12) || major > 24;

if (!isSupported) {
  // Before anything native is loaded: on an older Node that ends in a crash, not in a message.
  process.stderr.write(
    `staging-sampler needs Node 22.20 or 24.12 and later; this is ${process.version}\n`,
  );
  process.exitCode = 1;
} else {
  // Other commands are over before memory could grow, and end at a signal as Node does.
  const [command = ""] = process.argv.slice(2);
  const isPass = command === "run" && process.argv.includes("--once");
  if (["run", "stage"].includes(command)) becomeLean(isPass ? PASS_FLAGS : LEAN_FLAGS);
  if (command === "run") holdSignals();
  hideSecrets(process.argv.slice(2));
  process.umask(0o027);
  process.stdout.on("error", onClosedPipe);
  // Messages that cannot be written end no work.
  process.stderr.on("error", () => undefined);
  const { runProgram } = await import("./cli/program.ts");
  const { wholeArguments } = await import("./cli/argv.ts");
  process.exitCode = await runProgram(wholeArguments(process.argv.slice(2)), {
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    exitNow: (code) => process.exit(code),
  });
  setTimeout(() => process.exit(), END_MS).unref();
}

/** Takes the queries of URLs out of what everybody on this machine sees of the process (`ps`). */
function hideSecrets(args: readonly string[]): void {
  const shown = args.map(shownBronze);
  if (shown.some((arg, i) => arg !== args[i])) process.title = `staging-sampler ${shown.join(" ")}`;
}

/** `list | head` is no error: the reader has seen enough. */
function onClosedPipe(error: NodeJS.ErrnoException): void {
  // What was staged for a run is removed all the same.
  if (error.code === "EPIPE" && process.argv[2] === "stage") return;
  if (error.code === "EPIPE") process.exit();
  process.stderr.write(`staging-sampler: cannot write its output: ${error.message}\n`);
  process.exit(1);
}
