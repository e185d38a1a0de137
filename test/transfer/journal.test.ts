import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createJournal, isOf, journalLeft } from "../../src/transfer/journal.ts";
import { place } from "./fetching.ts";

const of = "http://example.org/orders.csv?…";

test("a journal says what was noted last, and whose it is", async () => {
  await using where = await place();
  const journal = await createJournal(where.target, { of, left: undefined });
  const done = [{ start: 0, end: 7 }];
  await journal.note({ version: '"v1"', done, synced: [] });
  await journal.note({ version: '"v2"', done });
  const left = await journalLeft(where.target);
  expect(left).toMatchObject({ version: '"v2"', done, owner: { pid: process.pid } });
  expect(left && isOf(left, of)).toBe(true);
  await journal.checkOwned();
  await journal.remove();
  expect(await journalLeft(where.target)).toBeUndefined();
});

test("of two that begin at once one is told of the other", async () => {
  await using where = await place();
  const begin = () => createJournal(where.target, { of, left: undefined });
  const both = await Promise.allSettled([begin(), begin()]);
  const lost = both.find((each) => each.status === "rejected");
  expect(lost?.reason).toMatchObject({ code: "ALREADY_RUNNING" });
  const won = both.find((each) => each.status === "fulfilled");
  await won?.value.checkOwned();
  await won?.value.close();
});

test("who was taken over is told, and cannot note in the other's journal", async () => {
  await using where = await place();
  const before = await createJournal(where.target, { of, left: undefined });
  const left = await journalLeft(where.target);
  const after = await createJournal(where.target, { of, left });
  await after.note({ version: '"after"' });
  await before.note({ version: '"before"' });
  expect(await journalLeft(where.target)).toMatchObject({ version: '"after"' });
  await expect(before.checkOwned()).rejects.toMatchObject({ code: "ALREADY_RUNNING" });
  await after.checkOwned();
  await Promise.all([before.close(), after.close()]);
});

test("whatever is noted fits: of many ranges the largest are claimed", async () => {
  await using where = await place();
  const long = `${of}${"x".repeat(5000)}`;
  const journal = await createJournal(where.target, { of: long, left: undefined });
  const done = Array.from({ length: 200 }, (_, i) => ({
    start: i * 1e9,
    end: i * 1e9 + 1000 + (i === 150 ? 1e6 : i),
  }));
  await journal.note({ version: '"v1"', done, synced: done });
  const left = await journalLeft(where.target);
  expect(left && isOf(left, long)).toBe(true);
  expect(left?.done?.length).toBeGreaterThan(30);
  for (const range of left?.done ?? []) expect(done).toContainEqual(range);
  expect(left?.done).toContainEqual(done[150]);
  await journal.note({ version: "v".repeat(5000), done });
  expect((await journalLeft(where.target))?.version).toBeUndefined();
  await journal.close();
});

test("half a journal is none", async () => {
  await using where = await place();
  await writeFile(`${where.target}.json`, '{"of":"http://example.org/');
  expect(await journalLeft(where.target)).toBeUndefined();
  const journal = await createJournal(where.target, { of, left: undefined });
  await journal.checkOwned();
  await journal.close();
});
