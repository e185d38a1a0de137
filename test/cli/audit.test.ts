import { appendFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld, rows, type World } from "../helpers/world.ts";

interface Audited {
  readonly dataset: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly repaired: number;
  readonly findings: readonly { kind: string; raw?: string; sample?: string; why?: string }[];
}

async function audit(world: World, ...args: string[]): Promise<Audited & { code: number | null }> {
  const { code, stdout, stderr } = await world.run(["audit", "--json", ...args]);
  const lake = `lake ${world.prefix}, cache ${world.state}\n`;
  expect(stderr).toBe(args.includes("--repair") ? lake : "");
  const [only] = JSON.parse(stdout) as Audited[];
  return { ...(only as Audited), code };
}

/** Three samples. */
async function fill(world: World): Promise<void> {
  for (const name of ["a.csv", "b.csv", "c.csv"]) await world.put(name, rows(200));
  await world.pass();
  world.close();
}

test("a lake that is whole is said to be so, and the exit code is 0", async () => {
  await using world = await createWorld();
  await fill(world);
  const { code, counts } = await audit(world);
  expect(code).toBe(0);
  expect(counts).toEqual({
    ok: 3,
    waiting: 0,
    stale: 0,
    unread: 0,
    failed: 0,
    acknowledged: 0,
    pruned: 0,
    missing: 0,
    lost: 0,
    orphan: 0,
    moved: 0,
  });
  const { stdout } = await world.run(["audit"]);
  expect(stdout).toContain("acme/orders/v1   3");
});

test("samples that are gone or cut short are found, and made due by --repair", async () => {
  await using world = await createWorld();
  await fill(world);
  await rm(world.path("samples/a_sample.csv"));
  await truncate(world.path("samples/b_sample.csv"), 10);
  const { code, counts, findings } = await audit(world);
  expect(code).toBe(3);
  expect(counts).toMatchObject({ ok: 1, missing: 2 });
  expect(findings.map(({ kind, raw }) => `${kind} ${raw}`)).toEqual([
    "missing raw/a.csv",
    "missing raw/b.csv",
  ]);

  expect(await audit(world, "--repair")).toMatchObject({ repaired: 2 });
  const once = await world.run(["run", "--once", "--json"]);
  expect(JSON.parse(once.stdout)).toMatchObject({ sampled: 2 });
  expect(await audit(world)).toMatchObject({ code: 0, counts: { ok: 3 } });
});

test("a file that is nobody's sample is an orphan, and stays where it is", async () => {
  await using world = await createWorld();
  await fill(world);
  await writeFile(world.path("samples/own-notes.txt"), "mine\n");
  const { code, counts, findings } = await audit(world, "--repair");
  expect(code).toBe(0);
  expect(counts["orphan"]).toBe(1);
  expect(findings).toMatchObject([{ kind: "orphan", sample: "own-notes.txt" }]);
  expect(await world.samples()).toContain("own-notes.txt");
});

test("lines that no pass has read yet are unread, not lost", async () => {
  await using world = await createWorld();
  await fill(world);
  const line = { raw: "raw/d.csv", bronze: "bronze/d.csv", mtime: 1 };
  await appendFile(world.path("manifests/processed.jsonl"), `${JSON.stringify(line)}\n`);
  expect(await audit(world)).toMatchObject({ code: 0, counts: { unread: 1, lost: 0 } });
});

test("a line that was read and forgotten is lost; --repair has the manifests read again", async () => {
  await using world = await createWorld();
  await fill(world);
  world.db().prepare("DELETE FROM files WHERE raw = ?").run("raw/b.csv");
  expect(await audit(world)).toMatchObject({ code: 3, counts: { lost: 1 } });
  await audit(world, "--repair");
  await world.run(["run", "--once"]);
  expect(await audit(world)).toMatchObject({ code: 0, counts: { ok: 3, lost: 0 } });
});

test("what failed is counted, and the exit code tells", async () => {
  await using world = await createWorld();
  await world.put("z.zip", "no zip");
  await world.pass();
  world.close();
  expect(await audit(world)).toMatchObject({ code: 3, counts: { failed: 1 } });
});

test("nothing is changed without --repair", async () => {
  await using world = await createWorld();
  await fill(world);
  await rm(world.path("samples/a_sample.csv"));
  await audit(world);
  const once = await world.run(["run", "--once", "--json"]);
  expect(JSON.parse(once.stdout)).toMatchObject({ sampled: 0 });
});

test("a dataset that cannot be read is named in one line, and the others are audited", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3), { dataset: "acme/first/v1" });
  await fill(world);
  await rm(world.path("manifests/processed.jsonl", "acme/first/v1"));
  await symlink("processed.jsonl", world.path("manifests/processed.jsonl", "acme/first/v1"));
  const { code, stdout, stderr } = await world.run(["audit", "--json"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^acme\/first\/v1 is left out, it cannot be read: .*\n$/);
  expect(JSON.parse(stdout)).toMatchObject([{ dataset: "acme/orders/v1", counts: { ok: 3 } }]);
});
