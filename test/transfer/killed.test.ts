import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startServer } from "../helpers/faulty-server.ts";
import { createWorld, run } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const BYTES = 8 * 1024 * 1024;
/** Of these, before the server stalls. */
const SENT = BYTES / 2;
const MOST_AGAIN = 1024 * 1024;
const body = randomBytes(BYTES);
const etag = '"1"';

test("a process that is killed midway has the next one fetch what is missing, and little again", async () => {
  await using world = await createWorld();
  const target = join(world.root, "orders.bin");
  await using server = await startServer({
    body,
    etag,
    answer(n, _request, response) {
      if (n > 0) return false;
      // Half of it, and no more comes.
      response.writeHead(200, { ETag: etag, "Content-Length": BYTES });
      response.write(body.subarray(0, SENT));
      return true;
    },
  });
  const args = [main, "stage", "get", server.url.href, "-o", target];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const ended = once(child, "exit");
  const sizeOf = async () => (await stat(`${target}.part`).catch(() => undefined))?.size ?? 0;
  while ((await sizeOf()) < SENT) await sleep(10);
  // It says whose it is while it is at work.
  const beside = await run([process.execPath, ...args], world.config);
  expect(beside.stderr).toContain(
    `ALREADY_RUNNING: ${target}.part is being written by process ${child.pid}`,
  );
  child.kill("SIGKILL");
  await ended;

  const done = await run([process.execPath, ...args, "--json"], world.config);
  expect(JSON.parse(done.stdout)).toMatchObject({ bytes: BYTES, requests: 1 });
  expect(
    createHash("sha256")
      .update(await readFile(target))
      .digest("hex"),
  ).toBe(createHash("sha256").update(body).digest("hex"));
  const from = Number(/^bytes=(\d+)-$/.exec(server.seen.at(-1)?.range ?? "")?.[1]);
  expect(SENT - from).toBeLessThanOrEqual(MOST_AGAIN);
});
