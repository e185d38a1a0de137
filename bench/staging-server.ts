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
  /** The same over https, where there is openssl, and the certificate to trust. */
  readonly secure?: { readonly caFile: string; url(file: string): string } | undefined;
}

/** nginx: by the PATH, else where Debian installs it, which the PATH of a user may lack. */
const PROGRAMS = ["nginx", "/usr/sbin/nginx"];

/** Serves the files of a directory: by nginx, else by Node. */
export async function serveFiles(directory: string): Promise<Served> {
  const nginx = PROGRAMS.find((program) => spawnSync(program, ["-v"]).status === 0);
  return nginx === undefined ? serveSlowly(directory, 0) : byNginx(nginx, directory);
}

/** Serves them by Node, which waits so long before each answer, ms. */
export async function serveSlowly(directory: string, latencyMs: number): Promise<Served> {
  const program = join(import.meta.dirname, "staging-server-node.js");
  const child = spawn(process.execPath, [program, directory, String(latencyMs)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return served("a server in Node", Number(port.toString()), child);
}

async function byNginx(program: string, directory: string): Promise<Served> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const own = `${directory}.nginx`;
  mkdirSync(own, { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const paths = temporary.map((name) => `${name}_temp_path ${own}/${name};`).join(" ");
  const certificate = certificateIn(own);
  const tls =
    certificate === undefined
      ? ""
      : `server { listen 127.0.0.1:${tlsPort} ssl; root ${directory};
ssl_certificate ${certificate}; ssl_certificate_key ${own}/key.pem; }`;
  const config = `daemon off; master_process off; pid ${own}/pid; error_log ${own}/error.log;
events { worker_connections 256; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000; ${paths}
server { listen 127.0.0.1:${port}; root ${directory}; } ${tls} }`;
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
  if (certificate === undefined) return found;
  const url = (file: string) => `https://127.0.0.1:${tlsPort}/${file}`;
  return { ...found, secure: { caFile: certificate, url } };
}

/** Makes a key and a certificate that vouches for itself; undefined where there is no openssl. */
function certificateIn(directory: string): string | undefined {
  const certificate = join(directory, "certificate.pem");
  const made = ["-keyout", join(directory, "key.pem"), "-out", certificate];
  const name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...made, ...name];
  return spawnSync("openssl", args).status === 0 ? certificate : undefined;
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
