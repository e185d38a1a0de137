import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, rows, type World } from "../helpers/world.ts";
import { letIn, signedAs, startProxy, whyNoNginx } from "./nginx.ts";
import { ask } from "./requests.ts";
import { serve } from "./serve.ts";

async function worldWithPage(): Promise<World> {
  const world = await createWorld();
  await world.put("a.csv", rows(30));
  await world.pass();
  return world;
}

test("nginx asks for a password, passes the page on as it is, and says without one only whether it is well", async (context) => {
  if (whyNoNginx !== undefined) context.skip(whyNoNginx);
  await using world = await worldWithPage();
  await using served = await serve(world, { http: { listen: join(world.root, "http.sock") } });
  const signed = letIn(world, "ada", "secret");
  await using proxy = await startProxy(world, "nginx-basic.conf");
  for (const path of ["/", "/metrics", "/status.json", "/assets/style.css"]) {
    expect((await proxy.ask(path)).status).toBe(401);
    expect((await proxy.ask(path, signedAs("ada", "guess"))).status).toBe(401);
    expect((await proxy.ask(path, signed)).status).toBe(200);
  }
  for (const path of ["/healthz", "/readyz"]) expect((await proxy.ask(path)).status).toBe(200);
  expect((await proxy.ask("/healthz/../", {})).status).toBe(401);
  expect((await proxy.ask("/", signed, "POST")).status).toBe(403);

  const page = await proxy.ask("/", signed);
  expect(page.body).toContain("acme/orders/v1");
  const direct = await ask(served.url, "/");
  for (const name of ["content-security-policy", "cache-control", "x-content-type-options"])
    expect(page.headers.get(name)).toBe(direct.headers.get(name));
  expect(page.headers.get("strict-transport-security")).toBe("max-age=31536000");
  // It is got anew as a whole, from where it came.
  expect(page.body).toContain("data-refreshed");
});

test("nginx asks a sign-in on whose behalf a request comes, and sends people there who have not signed in", async (context) => {
  if (whyNoNginx !== undefined) context.skip(whyNoNginx);
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
