/**
 * The program of the process that runs one command for a hook, on its own standard streams. It leads
 * the command's process group, and all of that ends once the sampler lets go of it or is gone. It
 * sends 0, or the reason why the command failed.
 */
import { spawn } from "node:child_process";

const [program = "", ...args] = process.argv.slice(2);

process.on("disconnect", end);
if (!process.connected) end();
const child = spawn(program, args, { stdio: "inherit" });
child.on("error", (error) => process.send?.(`cannot be started: ${error.message}`));
child.on("exit", (code, signal) =>
  process.send?.(code === 0 ? 0 : signal === null ? `exit code ${code}` : `ended by ${signal}`),
);

function end(): void {
  process.kill(-process.pid, "SIGKILL");
}
