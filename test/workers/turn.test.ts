import { expect, test } from "vitest";
import { createTurn, turnOf } from "../../src/workers/turn.ts";

const never = new AbortController().signal;

test("a second large file begins once the first one has ended", async () => {
  const memory = createTurn();
  const [first, second] = [turnOf(memory, 0), turnOf(memory, 1)];
  const order: string[] = [];
  await first.take(never);
  await first.take(never);
  const taken = second.take(never).then(() => order.push("second takes"));
  order.push("first leaves");
  first.leave();
  await taken;
  expect(order).toEqual(["first leaves", "second takes"]);
});

test("the turn of a thread that died is given to the next", async () => {
  const memory = createTurn();
  await turnOf(memory, 0).take(never);
  const taken = turnOf(memory, 1).take(never);
  turnOf(memory, 0).leave();
  await taken;
  turnOf(memory, 0).leave();
  const stopped = turnOf(memory, 0).take(AbortSignal.abort(new Error("stopped")));
  await expect(stopped).rejects.toThrow("stopped");
});
