import { expect, test } from "vitest";
import { Failure } from "../../src/errors.ts";
import { createQuietHosts } from "../../src/sampling/job/quiet-hosts.ts";

const never = new AbortController().signal;
const refused = Object.assign(new Error("connect ECONNREFUSED"), {
  code: "ECONNREFUSED",
  errno: -111,
  syscall: "connect",
});
const outOfReach = new Failure("UNREACHABLE", "refused", { cause: refused });
const late = new Failure("TIMEOUT", "not done within limits.seconds");

/** Times that a host is asked by the second opening, after the first has failed so. */
async function askedAfter(error: Error, waitMs: number, signal = never): Promise<number> {
  let now = 0;
  let asked = 0;
  const hosts = createQuietHosts(() => now);
  const failing = hosts.open("host:80", signal, () => Promise.reject(error));
  await expect(failing).rejects.toBe(error);
  now += waitMs;
  const opening = hosts.open("host:80", never, async () => void (asked += 1));
  await opening.catch((again: unknown) => expect(again).toMatchObject({ code: "UNREACHABLE" }));
  expect(await hosts.open("other:80", never, async () => "opened")).toBe("opened");
  return asked;
}

test.each([
  ["refused the connection", outOfReach, never],
  ["did not answer in time", late, AbortSignal.abort(late)],
])("a host that %s is left alone for half a minute", async (_what, error, signal) => {
  expect(await askedAfter(error, 29_999, signal)).toBe(0);
  expect(await askedAfter(error, 30_000, signal)).toBe(1);
});

test.each([
  ["answers with an error", new Failure("UNREACHABLE", "the server answers 503"), never],
  ["does not have the object", new Failure("FILE_MISSING", "404"), never],
  ["was left because we stop", new Error("stopped"), AbortSignal.abort()],
])("a host that %s is asked again", async (_what, error, signal) => {
  expect(await askedAfter(error, 0, signal)).toBe(1);
});
