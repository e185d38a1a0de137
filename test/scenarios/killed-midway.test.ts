import { watch } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld, MTIME, rows } from "../helpers/world.ts";

const FILES = 2000;
const content = (i: number) => `${rows(200)}${i}\n`;

test("after SIGKILL in the middle of 2,000 files, one more run leaves every one sampled and none half-written", async () => {
  // One thread, so that there is time to kill it in the middle.
  await using world = await createWorld({ drain: { threads: 1, concurrency: 2 } });
  for (let i = 0; i < FILES; i += 1) await world.write(`bronze/${i}.csv`, content(i));
  const lines = Array.from({ length: FILES }, (_, i) =>
    JSON.stringify({ raw: `raw/${i}.csv`, bronze: `bronze/${i}.csv`, mtime: MTIME }),
  );
  await world.manifest(`${lines.join("\n")}\n`);
  await mkdir(world.path("samples"), { recursive: true });

  const killed = await world.run(["run", "--once"], {
    onStart(child) {
      // Killed when 100 samples have appeared, or about that.
      let seen = 0;
      const watcher = watch(world.path("samples"), (_event, name) => {
        if (name?.endsWith("_sample.csv") === true) seen += 1;
        if (seen >= 100) child.kill("SIGKILL");
      });
      child.on("close", () => watcher.close());
    },
  });
  expect(killed.code).toBeNull();
  const half = await world.samples();
  expect(half.length).toBeGreaterThanOrEqual(100);
  expect(half.length).toBeLessThan(FILES);
  for (const name of half.filter((each) => each.endsWith(".csv"))) {
    expect((await world.sample(name)).toString(), name).toBe(rows(100));
  }
  // As if the kill had hit the receipts and a temporary file as well.
  await writeFile(world.path("samples/.ss-0123456789abcdef.tmp"), "half a sam");
  await writeFile(world.path("samples/_receipts.jsonl"), '{"raw":"raw/0.csv","bro', { flag: "a" });

  const again = await world.run(["run", "--once", "--json"]);
  expect(again.stderr).toMatch(/removed \d+ temporary files?/);
  expect(again.code).toBe(0);
  const names = await world.samples();
  expect(names).toEqual(Array.from({ length: FILES }, (_, i) => `${i}_sample.csv`).toSorted());
  for (const name of names) expect((await world.sample(name)).toString(), name).toBe(rows(100));

  const receipts = await world.receipts();
  expect(new Set(receipts.map(({ raw }) => raw)).size).toBe(FILES);
  expect(receipts.filter(({ outcome }) => outcome !== "sampled")).toEqual([]);
  expect(world.rows().filter(({ outcome, waiting }) => outcome !== "sampled" || waiting)).toEqual(
    [],
  );
  world.close();
  const third = await world.run(["run", "--once", "--json"]);
  expect(JSON.parse(third.stdout)).toMatchObject({ lines: 0, sampled: 0 });
});

test("what a job had begun to write when its thread was ended is gone with the next pass", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  await world.put("b.csv", rows(3));
  const temporary = "samples/.ss-0123456789abcdef.tmp";
  await world.pass({
    async run() {
      await world.write(temporary, "half a sam");
      return { outcome: "failed", code: "TIMEOUT", message: "ended", readBytes: 0, ms: 1 };
    },
  });
  expect(await world.samples()).toEqual([".ss-0123456789abcdef.tmp", "a_sample.csv"]);
  await world.pass({ takeEnded: () => ["acme/orders/v1"] });
  expect(await world.samples()).toEqual(["a_sample.csv"]);
});
