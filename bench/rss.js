// Loaded into a measured process: says at its end how much memory it had resident at most (KiB), and
// the processor time of all its threads, user and system, since it was started (µs).
// What getrusage says of memory is inherited from the process that started it.
import { readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

function tell() {
  const most = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  const { user, system } = process.cpuUsage();
  process.stderr.write(`maxrss ${most}\ncpu ${user + system}\n`);
}

if (isMainThread) process.on("exit", tell);
