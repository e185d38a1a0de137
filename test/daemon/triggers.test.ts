import { expect, test } from "vitest";
import { createTriggers } from "../../src/daemon/triggers.ts";

test("reasons to work are collected until there is time for them", async () => {
  const triggers = createTriggers();
  triggers.one("a");
  triggers.one("b");
  triggers.one("a");
  expect(triggers.isPending()).toBe(true);
  expect(await triggers.next()).toEqual({ datasets: ["a", "b"] });
  expect(triggers.isPending()).toBe(false);
  triggers.one("a");
  triggers.all();
  expect(await triggers.next()).toEqual({ datasets: undefined });
  triggers.end();
});

test("waiting ends with the next reason", async () => {
  const triggers = createTriggers();
  const next = triggers.next();
  triggers.one("a");
  expect(await next).toEqual({ datasets: ["a"] });
  const later = triggers.next();
  triggers.all();
  expect(await later).toEqual({ datasets: undefined });
  triggers.end();
});

test("a time that has come asks for what is due, without a look at any dataset", async () => {
  const triggers = createTriggers();
  triggers.at(Date.now() + 3_600_000);
  triggers.at(Date.now() - 1);
  expect(await triggers.next()).toEqual({ datasets: [] });
  triggers.at(Date.now() - 1);
  expect(await triggers.next()).toEqual({ datasets: [] });
  triggers.end();
});

test("after the end there is nothing to do, whatever was wanted", async () => {
  const triggers = createTriggers();
  const waiting = triggers.next();
  triggers.end();
  expect(await waiting).toBeUndefined();
  triggers.all();
  expect(await triggers.next()).toBeUndefined();
});
