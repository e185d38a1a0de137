import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { createWorld, rows } from "../helpers/world.ts";

test.each(["VACUUM INTO", ".backup"])(
  "a cache that %s copied beside the daemon can take the place of the one of later",
  async (how) => {
    await using world = await createWorld({ schedule: "* * * * * *" });
    await world.put("a.csv", rows(3));
    await world.put("data.csv", rows(3), { raw: "raw/one/data.csv" });
    const daemon = await world.daemon();
    await daemon.logged("sampled", { raw: "raw/a.csv" });
    await daemon.logged("sampled", { raw: "raw/one/data.csv" });
    const [cache, copy] = [join(world.state, "cache.db"), join(world.root, "copy.db")];
    const reader = new Database(cache, { readonly: true });
    if (how === "VACUUM INTO") reader.prepare("VACUUM INTO ?").run(copy);
    else await reader.backup(copy);
    reader.close();
    await world.put("b.csv", rows(3));
    await world.put("data.csv", rows(4), { raw: "raw/two/data.csv", bronze: "bronze/two.csv" });
    await daemon.logged("sampled", { raw: "raw/two/data.csv" });
    daemon.kill("SIGTERM");
    expect(await daemon.exited()).toBe(0);
    const samples = await world.samples();

    for (const suffix of ["-wal", "-shm"]) await rm(cache + suffix, { force: true });
    await copyFile(copy, cache);
    const again = await world.run(["run", "--once", "--json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({ sampled: 2, failed: 0, lines: 2 });
    expect(await world.samples()).toEqual(samples);
    const audit = await world.run(["audit", "--json"]);
    expect(audit.code).toBe(0);
    expect(JSON.parse(audit.stdout)).toMatchObject([{ counts: { ok: 4, orphan: 0, lost: 0 } }]);
  },
);
