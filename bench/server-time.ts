import { readFileSync } from "node:fs";
import type { Client } from "pg";
import { cpuSecondsOf, cpuSecondsOfEnded } from "./proc.ts";

/** The process that all others of a PostgreSQL server come from. */
export async function mainOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const status = readFileSync(`/proc/${rows[0]?.pid}/status`, "latin1");
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
}

/** Processor time of all processes of a server so far, s. */
export function secondsOf(main: number): number {
  const children = readFileSync(`/proc/${main}/task/${main}/children`, "latin1").trim().split(" ");
  const running = children.map((pid) => {
    try {
      return cpuSecondsOf(Number(pid));
    } catch {
      // It has ended since: its time counts as that of one that has.
      return 0;
    }
  });
  const alive = running.reduce((sum, seconds) => sum + seconds, 0);
  return cpuSecondsOf(main) + cpuSecondsOfEnded(main) + alive;
}
