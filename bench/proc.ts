import { readFileSync } from "node:fs";

/** `USER_HZ`: what `/proc/PID/stat` counts in, the same on every Linux. */
const TICKS_PER_S = 100;
/** Positions of user and system time after the name, which is in brackets and may hold anything. */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;

/** Resident memory of a process, bytes; `peak` is the most it ever had. @throws errno once it is gone */
export function residentOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return { now: bytesIn(status, "VmRSS"), peak: bytesIn(status, "VmHWM") };
}

/** Processor time of a process with all its threads so far, seconds. @throws errno once it is gone */
export function cpuSecondsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) / TICKS_PER_S;
}

/** Processor time of the processes that one has started and that are over, and of theirs, seconds. */
export function cpuSecondsOfEnded(pid: number = process.pid): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_FIELD + 2]) + Number(fields[SYSTEM_FIELD + 2])) / TICKS_PER_S;
}

/** Bytes that a process handed to the kernel to be written, with all its threads, so far. @throws errno once it is gone */
export function writtenBy(pid: number): number {
  const found = /^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "latin1"));
  return Number(found?.[1]);
}

function bytesIn(status: string, key: string): number {
  const found = new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(status);
  if (found === null) throw new Error(`the kernel does not tell ${key}`);
  return Number(found[1]) * 1024;
}
