import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { endingWithUs } from "../helpers/child.ts";

/** A process that has a database locked. */
export interface Holder {
  /** Gives the lock back, and ends. */
  release(): Promise<void>;
}

const script = `
import Database from "better-sqlite3";
const db = new Database(process.argv[1], { timeout: 300_000 });
db.exec("BEGIN EXCLUSIVE");
console.log("held");
process.stdin.once("data", () => {
  db.exec("ROLLBACK");
  process.exit();
});
`;

/** Locks a database in a process of its own; resolves when it has the lock. */
export async function holdExclusively(path: string): Promise<Holder> {
  const args = ["--input-type=module", "-e", script, path];
  const child = spawn(...endingWithUs(process.execPath, args), {
    cwd: join(import.meta.dirname, "../.."),
    stdio: ["pipe", "pipe", "inherit"],
  });
  await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  if (child.exitCode !== null) throw new Error(`cannot lock ${path}`);
  return {
    async release() {
      child.stdin.write("release\n");
      await once(child, "exit");
    },
  };
}
