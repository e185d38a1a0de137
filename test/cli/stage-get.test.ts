import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startServer } from "../helpers/faulty-server.ts";
import { createWorld, rows, run } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const body = Buffer.from(rows(1000));
const sha256 = createHash("sha256").update(body).digest("hex");

test("stage get fetches a file, says whether it is verified, and shows no secret", async () => {
  await using world = await createWorld();
  await using server = await startServer({ body, etag: '"1"' });
  const get = (...args: string[]) =>
    run([process.execPath, main, "stage", "get", server.url.href, ...args], world.config);
  const target = join(world.root, "orders.csv");

  const plain = await get("-o", target);
  expect(plain).toMatchObject({ code: 0 });
  expect(plain.stdout).toContain(`sha256 ${sha256}`);
  expect(plain.stderr).toContain("not verified");
  expect(await readFile(target)).toEqual(body);

  expect(await get("-o", target)).toMatchObject({ code: 2 });
  const verified = await get("-o", target, "--force", "--json", "--sha256", sha256.toUpperCase());
  expect(JSON.parse(verified.stdout)).toEqual({
    path: target,
    from: `${server.url.origin}${server.url.pathname}?…`,
    bytes: body.length,
    sha256,
    verified: true,
    encoding: null,
    requests: 1,
  });
  const wrong = await get("-o", target, "--force", "--sha256", "0".repeat(64));
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(wrong.stderr).toContain("CHECKSUM_MISMATCH");
  expect(await readFile(target)).toEqual(body);
  for (const { stdout, stderr } of [plain, verified, wrong])
    expect(stdout + stderr).not.toContain("secret");
});

test("stage get says what is wrong with where it is to go, before it asks for anything", async () => {
  await using world = await createWorld();
  await using server = await startServer({ body });
  await writeFile(join(world.root, "there"), "x");
  const get = (...args: string[]) =>
    run([process.execPath, main, "stage", "get", server.url.href, ...args], world.config);
  for (const [args, says] of [
    [["-o", world.root], "is a directory"],
    [["-o", join(world.root, "there")], "--force"],
    [["-o", join(world.root, "no/such/place")], `${world.root} is the nearest`],
    [["-o", join(world.root, "new"), "--sha256", "abc"], "64 hexadecimal"],
  ] as const) {
    const { code, stderr } = await get(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  }
  for (const path of ["/", "/a/..%2F", "/%00", "/a/%2E%2E"]) {
    const url = new URL(path, server.url).href;
    const { code, stderr } = await run([process.execPath, main, "stage", "get", url], world.config);
    expect([code, stderr], path).toEqual([2, expect.stringContaining("has no name")]);
  }
  expect(server.seen).toEqual([]);
});
