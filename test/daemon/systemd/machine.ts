import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PATIENCE_MS } from "../../helpers/child.ts";

const LOOK_MS = 20;

/** The result of a command in the machine. */
export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine with a systemd of its own, on what this one has installed; what it writes is lost. */
export interface Machine extends AsyncDisposable {
  /** Runs a shell script as its root. */
  run(script: string): Done;
  /** The same, for what has to succeed; returns what it printed. @throws Error */
  must(script: string): string;
  /** Runs a script until it succeeds; returns what it printed. @throws Error with the journal */
  until(script: string): Promise<string>;
}

/** Before it boots: a tmpfs, with the host's files below. */
const disk = `
  set -e
  mount -t tmpfs tmpfs "$W" && mkdir "$W/upper" "$W/work" "$W/root"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$W/upper,workdir=$W/work" "$W/root"
  : >"$W/root/etc/machine-id"`;
const flags = "--register=no --keep-unit --private-network --boot --console=pipe";

/** The reason why no machine can be booted here, or undefined. */
export async function whyNoMachine(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "not root";
  if (spawnSync("systemd-nspawn", ["--version"]).error !== undefined)
    return "systemd-nspawn (systemd-container) is not installed";
  try {
    await using _ = await bootMachine();
    return undefined;
  } catch (error) {
    return `no machine boots here: ${String(error)}`;
  }
}

/** Boots one; `prepare` is a shell script that runs before, with its root directory as `$W/root`. */
export async function bootMachine(prepare = ":"): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), "staging-sampler-machine-"));
  const script = `${disk}\n${prepare}
    exec systemd-nspawn -D "$W/root" ${flags} systemd.unit=basic.target`;
  const child = spawn("unshare", ["-m", "--propagation", "private", "sh", "-c", script], {
    env: { ...process.env, W: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const closed = once(child, "close");
  const machine: Machine = {
    run: (script) => inside(child, script),
    must(script) {
      const { code, stdout, stderr } = machine.run(script);
      if (code !== 0) throw new Error(`${script} ended with ${code}: ${stdout}${stderr}`);
      return stdout;
    },
    async until(script) {
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const { code, stdout, stderr } = machine.run(script);
        if (code === 0) return stdout;
        if (Date.now() > deadline || child.exitCode !== null) {
          const { stdout: journal } = machine.run("journalctl -n 50 --no-pager");
          throw new Error(`never: ${script}\n${stdout}${stderr}\n${said}\n${journal}`);
        }
        await sleep(LOOK_MS);
      }
    },
    async [Symbol.asyncDispose]() {
      const leader = leaderOf(child);
      if (leader !== undefined) process.kill(leader, "SIGKILL");
      if (child.exitCode === null) await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await machine.until("systemctl is-active basic.target");
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
  return machine;
}

function inside(child: ChildProcess, script: string): Done {
  const leader = leaderOf(child);
  if (leader === undefined) return { code: null, stdout: "", stderr: "it does not run (yet)" };
  const args = ["-t", String(leader), "-a", "env", "-i", "PATH=/usr/bin:/usr/sbin:/bin:/sbin"];
  const { status, stdout, stderr } = spawnSync("nsenter", [...args, "sh", "-c", script], {
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

/** Its systemd, as the host numbers it. */
function leaderOf({ pid }: ChildProcess): number | undefined {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return name === "systemd-nspawn" && children !== ""
      ? Number(children.split(" ")[0])
      : undefined;
  } catch {
    return undefined;
  }
}
