import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { groupWrites } from "../../src/store/sqlite/staging/group-writes.ts";

function table() {
  const db = new Database(":memory:");
  db.exec("CREATE TABLE t (n INTEGER PRIMARY KEY)");
  const insert = db.prepare("INSERT INTO t VALUES (?)");
  const all = () => db.prepare("SELECT n FROM t ORDER BY n").pluck().all();
  return { db, insert, all, write: groupWrites(db) };
}

test("writes of one moment are done in their order, in one transaction, and each has its result", async () => {
  const { db, insert, all, write } = table();
  const seen: unknown[] = [];
  const results = [1, 2, 3].map((n) =>
    write(() => {
      seen.push([n, db.inTransaction]);
      insert.run(n);
      return n * 10;
    }),
  );
  expect(all()).toEqual([]);
  expect(await Promise.all(results)).toEqual([10, 20, 30]);
  expect(seen).toEqual([1, 2, 3].map((n) => [n, true]));
  expect(all()).toEqual([1, 2, 3]);
});

test("one that throws is undone alone, and told", async () => {
  const { insert, all, write } = table();
  const wrong = write(() => {
    insert.run(7);
    throw new Error("wrong");
  });
  const right = write(() => insert.run(8).changes);
  await expect(wrong).rejects.toThrow("wrong");
  expect(await right).toBe(1);
  expect(all()).toEqual([8]);
});

test("where the transaction of all ends, all are told, and later ones are done", async () => {
  const { db, insert, all, write } = table();
  const first = write(() => insert.run(1));
  const second = write(() => {
    db.exec("ROLLBACK");
    throw new Error("disk full");
  });
  await expect(first).rejects.toThrow("disk full");
  await expect(second).rejects.toThrow("disk full");
  await write(() => insert.run(3));
  expect(all()).toEqual([3]);
});
