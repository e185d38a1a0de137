// Loaded into a measured process: says at its end how much memory it had resident at most (KiB).
// What getrusage says is inherited from the process that started it.
import { readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

function tell() {
  const most = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  process.stderr.write(`maxrss ${most}\n`);
}

if (isMainThread) process.on("exit", tell);
