import { expect, test } from "vitest";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

const ENTRIES = 200_000;
const BIG = "a/big/v1";
const SMALL = "z/small/v1";
/**
 * Files that may be told of before a line in between: some hundreds, and more where the system puts off
 * the thread that has it, while another one goes on.
 */
const AHEAD = ENTRIES / 20;

/** A dataset with that many entries, all of one bronze file. */
async function fillBig(world: World): Promise<void> {
  await world.write("bronze/a.csv", rows(3), BIG);
  const lines = Array.from({ length: ENTRIES }, (_, i) =>
    JSON.stringify({ raw: `raw/${i}.csv`, bronze: "bronze/a.csv", mtime: MTIME }),
  );
  await world.manifest(`${lines.join("\n")}\n`, BIG);
}

test("one entry waits behind a handful of files, not behind 200,000 of another dataset", async () => {
  await using world = await createWorld({ log: { level: "debug" } });
  await fillBig(world);
  await world.put("one.csv", rows(3), { dataset: SMALL });
  const daemon = await world.daemon();
  await daemon.logged("manifest read", { dataset: SMALL });
  await daemon.logged("sampled", { dataset: SMALL });
  const ahead = daemon.lines.filter(({ msg }) => msg === "sampled").length - 1;
  expect(ahead).toBeLessThan(AHEAD);

  // The same for one that comes while the big one is at work.
  await daemon.logged("sampled", { dataset: BIG });
  await world.put("two.csv", rows(3), { dataset: SMALL });
  const read = await daemon.logged("manifest read", { dataset: SMALL, due: 1 });
  const sampled = await daemon.logged("sampled", { dataset: SMALL, raw: "raw/two.csv" });
  const between = daemon.lines.slice(daemon.lines.indexOf(read), daemon.lines.indexOf(sampled));
  expect(between.filter(({ msg }) => msg === "sampled").length).toBeLessThan(AHEAD);
  expect(daemon.lines.filter(({ dataset }) => dataset === BIG).length).toBeLessThan(ENTRIES / 2);
});
