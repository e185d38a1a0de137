import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endingWithUs } from "../helpers/child.ts";
import type { World } from "../helpers/world.ts";
import { ask, type Raw } from "./requests.ts";

const folder = join(import.meta.dirname, "../../deploy/proxy");
const isHere = spawnSync("nginx", ["-v"]).error === undefined;
const HOST = { Host: "samples.example.com" };

/** The reason why there is no nginx; undefined where there is one. */
export const whyNoNginx = isHere ? undefined : "nginx is not here (Debian: nginx)";

/** nginx, as the examples set it up. */
export interface Proxy extends AsyncDisposable {
  /** `unix:` and its socket. */
  readonly url: string;
  /** Asks nginx for a path. */
  ask(path: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<Raw>;
}

/**
 * Starts nginx with an example as it stands, but for its paths, TLS, which it does not end here, and these
 * changes.
 */
export async function startProxy(
  world: World,
  example: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<Proxy> {
  const socket = join(world.root, "nginx.sock");
  const given = {
    ...changes,
    "listen 443 ssl": `listen unix:${socket}`,
    "snippets/staging-sampler-page.conf": join(world.root, "page.conf"),
    "/etc/nginx/staging-sampler.htpasswd": join(world.root, "htpasswd"),
    "/run/staging-sampler/http.sock": join(world.root, "http.sock"),
  };
  const changed = (name: string): string =>
    Object.entries(given)
      .reduce(
        (text, [from, to]) => text.replaceAll(from, to),
        readFileSync(join(folder, name), "utf8"),
      )
      .replaceAll(/^ *ssl_certificate.*\n/gm, "");
  writeFileSync(join(world.root, "page.conf"), changed("page.conf"));
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  mkdirSync(join(world.root, "temporary"));
  const own = paths.map((name) => `${name}_temp_path ${join(world.root, "temporary", name)};`);
  const whole = `daemon off; user root; pid ${join(world.root, "nginx.pid")}; error_log stderr notice;
events {} http { access_log off; ${own.join(" ")}\n${changed(example)} }`;
  writeFileSync(join(world.root, "nginx.conf"), whole);
  const command = endingWithUs("nginx", ["-c", join(world.root, "nginx.conf"), "-e", "stderr"]);
  const child = spawn(...command, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("start worker process ")) resolve();
    });
    child.on("exit", () => reject(new Error(said)));
  });
  return {
    url: `unix:${socket}`,
    ask: (path, headers = {}, method = "GET") =>
      ask(`unix:${socket}`, path, { method, headers: { ...HOST, ...headers } }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGQUIT");
      await once(child, "exit");
    },
  };
}

/** Lets a user in with this password; returns what these send to sign in. */
export function letIn(world: World, user: string, password: string): { Authorization: string } {
  const hash = spawnSync("openssl", ["passwd", "-6", password], { encoding: "utf8" }).stdout;
  writeFileSync(join(world.root, "htpasswd"), `${user}:${hash}`);
  return signedAs(user, password);
}

/** The header with which a user signs in. */
export function signedAs(user: string, password: string): { Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}
