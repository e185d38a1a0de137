import { expect, test } from "vitest";
import { createWake } from "../../src/daemon/triggers.ts";

test("reasons to work are collected until there is time for them", async () => {
  const wake = createWake();
  wake.one("a");
  wake.one("b");
  wake.one("a");
  expect(wake.isPending()).toBe(true);
  expect(await wake.next()).toEqual({ datasets: ["a", "b"] });
  expect(wake.isPending()).toBe(false);
  wake.one("a");
  wake.all();
  expect(await wake.next()).toEqual({ datasets: undefined });
  wake.end();
});

test("waiting ends with the next reason", async () => {
  const wake = createWake();
  const next = wake.next();
  wake.one("a");
  expect(await next).toEqual({ datasets: ["a"] });
  const later = wake.next();
  wake.all();
  expect(await later).toEqual({ datasets: undefined });
  wake.end();
});

test("a time that has come asks for what is due, without a look at any dataset", async () => {
  const wake = createWake();
  wake.at(Date.now() + 3_600_000);
  wake.at(Date.now() - 1);
  expect(await wake.next()).toEqual({ datasets: [] });
  wake.at(Date.now() - 1);
  expect(await wake.next()).toEqual({ datasets: [] });
  wake.end();
});

test("after the end there is nothing to do, whatever was wanted", async () => {
  const wake = createWake();
  const waiting = wake.next();
  wake.end();
  expect(await waiting).toBeUndefined();
  wake.all();
  expect(await wake.next()).toBeUndefined();
});
