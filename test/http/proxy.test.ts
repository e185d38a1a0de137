import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { endingWithUs } from "../helpers/child.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";
import { ask, type Raw } from "./requests.ts";
import { serve } from "./serve.ts";

const folder = join(import.meta.dirname, "../../deploy/proxy");
const hasNginx = spawnSync("nginx", ["-v"]).error === undefined;
const WHY = "nginx is not here (Debian: nginx)";
const HOST = { Host: "samples.example.com" };

interface Proxy extends AsyncDisposable {
  /** Asks nginx for a path. */
  ask(path: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<Raw>;
}

/** Starts nginx with an example as it stands, but for its paths, and TLS, which it does not end here. */
async function startProxy(world: World, example: string, changes: object): Promise<Proxy> {
  const socket = join(world.root, "nginx.sock");
  const given = {
    "listen 443 ssl": `listen unix:${socket}`,
    "snippets/staging-sampler-page.conf": join(world.root, "page.conf"),
    "/etc/nginx/staging-sampler.htpasswd": join(world.root, "htpasswd"),
    "/run/staging-sampler/http.sock": join(world.root, "http.sock"),
    ...changes,
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
    ask: (path, headers = {}, method = "GET") =>
      ask(`unix:${socket}`, path, { method, headers: { ...HOST, ...headers } }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGQUIT");
      await once(child, "exit");
    },
  };
}

async function worldWithPage(): Promise<World> {
  const world = await createWorld();
  await world.put("a.csv", rows(30));
  await world.pass();
  return world;
}

test("nginx asks for a password, passes the page on as it is, and says without one only whether it is well", async (context) => {
  if (!hasNginx) context.skip(WHY);
  await using world = await worldWithPage();
  await using served = await serve(world, { http: { listen: join(world.root, "http.sock") } });
  const password = spawnSync("openssl", ["passwd", "-6", "secret"], { encoding: "utf8" }).stdout;
  writeFileSync(join(world.root, "htpasswd"), `ada:${password}`);
  await using proxy = await startProxy(world, "nginx-basic.conf", {});
  const signed = (text: string) => ({
    Authorization: `Basic ${Buffer.from(text).toString("base64")}`,
  });
  for (const path of ["/", "/metrics", "/status.json", "/assets/style.css"]) {
    expect((await proxy.ask(path)).status).toBe(401);
    expect((await proxy.ask(path, signed("ada:guess"))).status).toBe(401);
    expect((await proxy.ask(path, signed("ada:secret"))).status).toBe(200);
  }
  for (const path of ["/healthz", "/readyz"]) expect((await proxy.ask(path)).status).toBe(200);
  expect((await proxy.ask("/healthz/../", {})).status).toBe(401);
  expect((await proxy.ask("/", signed("ada:secret"), "POST")).status).toBe(403);

  const page = await proxy.ask("/", signed("ada:secret"));
  expect(page.body).toContain("acme/orders/v1");
  const direct = await ask(served.url, "/");
  for (const name of ["content-security-policy", "cache-control", "x-content-type-options"])
    expect(page.headers.get(name)).toBe(direct.headers.get(name));
  expect(page.headers.get("strict-transport-security")).toBe("max-age=31536000");
  // It is got anew as a whole, from where it came.
  expect(page.body).toContain("data-refreshed");
});

test("nginx asks a sign-in on whose behalf a request comes, and sends people there who have not signed in", async (context) => {
  if (!hasNginx) context.skip(WHY);
  await using world = await worldWithPage();
  await using page = await serve(world, { http: { listen: join(world.root, "http.sock") } });
  expect(page.url).toMatch(/^unix:/);
  // In the place of oauth2-proxy: it knows one session, and is asked as its documentation says.
  const signIn = createServer((request, response) => {
    const isKnown = request.headers.cookie === "_oauth2_proxy=ada";
    const isQuestion = request.url === "/oauth2/auth";
    response.writeHead(isQuestion ? (isKnown ? 202 : 401) : 200, { "Set-Cookie": "fresh=1" });
    response.end(`${request.url} ${request.headers.host}`);
  }).listen(0, "127.0.0.1");
  await once(signIn, "listening");
  const address = `127.0.0.1:${(signIn.address() as AddressInfo).port}`;
  try {
    await using proxy = await startProxy(world, "nginx-oauth2.conf", {
      "127.0.0.1:4180": address,
    });
    const away = await proxy.ask("/failures?code=TIMEOUT");
    expect(away.status).toBe(302);
    const query = "?rd=http://samples.example.com/failures?code=TIMEOUT";
    expect(away.headers.get("location")).toMatch(/\/oauth2\/sign_in\?rd=/);
    expect(away.headers.get("location")?.endsWith(query)).toBe(true);
    const session = { Cookie: "_oauth2_proxy=ada" };
    const answer = await proxy.ask("/", session);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain("acme/orders/v1");
    expect(answer.headers.get("set-cookie")).toBe("fresh=1");
    expect((await proxy.ask("/oauth2/sign_in")).body).toContain(
      "/oauth2/sign_in samples.example.com",
    );
    // Only nginx itself may ask that.
    expect((await proxy.ask("/oauth2/auth", session)).status).toBe(404);
    expect((await proxy.ask("/healthz")).status).toBe(200);
  } finally {
    signIn.close();
  }
});
