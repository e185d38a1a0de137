import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A web server in a process of its own. */
export interface Served extends Disposable {
  /** Its program, for people. */
  readonly name: string;
  /** The URL of a file. */
  url(file: string): string;
}

/** nginx: by the PATH, else where Debian installs it, which the PATH of a user may lack. */
const PROGRAMS = ["nginx", "/usr/sbin/nginx"];

/** Serves the files of a directory: by nginx, else by Node. */
export async function serveFiles(directory: string): Promise<Served> {
  const nginx = PROGRAMS.find((program) => spawnSync(program, ["-v"]).status === 0);
  return nginx === undefined ? byNode(directory) : byNginx(nginx, directory);
}

async function byNode(directory: string): Promise<Served> {
  const program = join(import.meta.dirname, "staging-server-node.js");
  const child = spawn(process.execPath, [program, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return served("a server in Node", Number(port.toString()), child);
}

async function byNginx(program: string, directory: string): Promise<Served> {
  const port = await freePort();
  const own = `${directory}.nginx`;
  mkdirSync(own, { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const paths = temporary.map((name) => `${name}_temp_path ${own}/${name};`).join(" ");
  const config = `daemon off; master_process off; pid ${own}/pid; error_log ${own}/error.log;
events { worker_connections 256; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000; ${paths}
server { listen 127.0.0.1:${port}; root ${directory}; } }`;
  writeFileSync(join(own, "nginx.conf"), config);
  const child = spawn(program, ["-c", join(own, "nginx.conf")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const found = served("nginx", port, child);
  while (
    !(await fetch(found.url("")).then(
      () => true,
      () => false,
    ))
  )
    await sleep(50);
  return found;
}

function served(name: string, port: number, child: ChildProcess): Served {
  return {
    name,
    url: (file) => `http://127.0.0.1:${port}/${file}`,
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}
