import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { runHere } from "../helpers/program.ts";
import { createWorld, type World } from "../helpers/world.ts";
import { hasTerminal, onTerminal } from "./terminal.ts";

const long = "x".repeat(5000);

/** A file whose values are long, have line ends, and what ends a cell elsewhere. */
async function fill(world: World): Promise<void> {
  const text = `id,note,"odd | name"\n1,"${long}",a|b\n2,"=1+1\nnext",\n`;
  await world.put("a.csv", text);
  const lines = Array.from({ length: 60 }, (_, i) => `${i},line ${i}`).join("\n");
  await world.put("many.csv", `id,text\n${lines}\n`);
  const names = Array.from({ length: 30 }, (_, i) => `column_${i}`);
  const row = names.map((name) => `value of ${name} in full`);
  await world.put("wide.csv", `${names.join(",")}\n${row.join(",")}\n`);
  await world.pass();
  world.close();
}

async function show(world: World, ...args: readonly string[]) {
  const { code, stdout, stderr } = await runHere(["show", ...args, "--config", world.config]);
  return { code, stdout: stdout.toString(), stderr };
}

test("-o prints whole values: CSV and JSON that read the same, and Markdown", async () => {
  await using world = await createWorld();
  await fill(world);
  const csv = await show(world, "a.csv", "-o", "csv");
  expect(csv.stderr).toBe("");
  expect(parse(csv.stdout, { columns: true })).toEqual([
    { id: "1", note: long, "odd | name": "a|b" },
    { id: "2", note: "=1+1\nnext", "odd | name": "" },
  ]);
  const json = await show(world, "a.csv", "--output", "json", "--columns", "note,id");
  expect(JSON.parse(json.stdout)).toEqual([
    { note: long, id: 1 },
    { note: "=1+1\nnext", id: 2 },
  ]);
  const md = await show(world, "a.csv", "-o", "md");
  expect(md.stdout).toBe(
    `| id | note | odd \\| name |\n| --- | --- | --- |\n| 1 | ${long} | a\\|b |\n| 2 | =1+1<br>next |  |\n`,
  );
  const some = await show(world, "many.csv", "-o", "csv", "--rows", "2");
  expect(some.stdout).toBe("id,text\n0,line 0\n1,line 1\n");
  expect(some.stderr).toBe("staging-sampler: first 2 of 60 rows\n");
});

test("nested and binary values are whole, too", async () => {
  await using world = await createWorld();
  const nested = { list: Array.from({ length: 500 }, (_, i) => i), text: long };
  await world.put("a.jsonl", `${JSON.stringify({ nested })}\n`);
  await world.pass();
  world.close();
  const { stdout } = await show(world, "a.jsonl", "-o", "json");
  const [{ nested: found }] = JSON.parse(stdout) as [{ nested: string }];
  expect(JSON.parse(found)).toEqual(nested);
  expect((await show(world, "a.jsonl")).stdout).toContain("…");
});

test("--vertical has a value on each line, --schema names and types, --columns some of them", async () => {
  await using world = await createWorld();
  await fill(world);
  const { stdout } = await show(world, "a.csv", "--vertical");
  expect(stdout).toContain(
    `row 1\n  id          1\n  note        ${long}\n  odd | name  a|b\nrow 2\n`,
  );
  const schema = await show(world, "a.csv", "--schema", "-o", "csv");
  expect(schema.stdout).toBe("column,type\nid,integer\nnote,text\nodd | name,text\n");
  const picked = await show(world, "a.csv", "--columns", "id", "--json");
  expect(JSON.parse(picked.stdout)).toMatchObject([
    { view: { tables: [{ columns: [{ name: "id" }], rows: [["1"], ["2"]] }] } },
  ]);
  const unknown = await show(world, "a.csv", "--columns", "id,notes");
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toMatch(/--columns notes: there is no such column; did you mean note\?/);
});

test("columns are left out before all are cut to a few characters, and their number is said", async () => {
  await using world = await createWorld();
  await fill(world);
  const { stdout } = await show(world, "wide.csv", "--width", "120");
  const rows = stdout.split("\n");
  const cells = [0, 1, 2, 3].map((i) => `value of column_${i} in fu…`);
  expect(rows.find((row) => row.startsWith("value of"))).toBe(cells.join("  "));
  expect(stdout).toMatch(/^… 26 more columns: column_4, column_5/m);
});

test("without a sample or a file the reason is on stderr, and nothing on stdout", async () => {
  await using world = await createWorld();
  await world.announce("gone.csv");
  await world.pass();
  world.close();
  const { code, stdout, stderr } = await show(world, "raw/gone.csv", "-o", "csv");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^staging-sampler: FILE_MISSING: /);
});

test.skipIf(!hasTerminal)(
  "on a terminal that is too small $PAGER shows it, unless --no-pager is given or it fits",
  async () => {
    await using world = await createWorld();
    await fill(world);
    const env = {
      STAGING_SAMPLER_CONFIG: world.config,
      TERM: "xterm",
      PAGER: "echo paged; head -n 3",
    };
    for (const [args, isPaged] of [
      [["many.csv", "--rows", "60"], true],
      [["many.csv", "--rows", "60", "--no-pager"], false],
      [["many.csv", "--rows", "2"], false],
    ] as const) {
      await using shown = await onTerminal(["show", ...args], env);
      expect(await shown.exited()).toBe(0);
      expect(shown.seen().includes("paged\r\n"), args.join(" ")).toBe(isPaged);
      expect(shown.seen()).toContain("raw/many.csv");
      expect(shown.seen().includes("line 1"), args.join(" ")).toBe(!isPaged);
    }
    await using unknown = await onTerminal(["show", "many.csv", "--rows", "60"], {
      ...env,
      PAGER: "no-such-pager",
    });
    expect(await unknown.exited()).toBe(0);
    expect(unknown.seen()).toContain("line 59");
  },
);
