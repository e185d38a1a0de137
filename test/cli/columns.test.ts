import { expect, test } from "vitest";
import { createWorld, rows, type World } from "../helpers/world.ts";

/** Two datasets with a column for addresses, one of them with another shape before, and others without. */
async function createLake(): Promise<World> {
  const world = await createWorld();
  await world.put("people_1.csv", "id,email\n1,a@example.org\n");
  await world.put("people_2.csv", "id,E-mail\n1,b@example.org\n");
  await world.put("leads.jsonl", '{"Email":"c@example.org","n/a":1}\n', { dataset: "globex/b/v1" });
  await world.put("bare.csv", "1,2.5\n2,3.5\n", { dataset: "globex/b/v1" });
  await world.put("rows.csv", rows(3), { dataset: "globex/c/v1" });
  await world.pass();
  return world;
}

const found = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t").slice(0, 5));

test("a name finds its column in each dataset, in any case, in the newest shape of a series", async () => {
  await using world = await createLake();
  expect(found((await world.run(["columns", "EMAIL"])).stdout)).toEqual([
    ["globex/b/v1", "raw/leads.jsonl", "Email", "text", "jsonl"],
  ]);
  const some = await world.run(["columns", "*mail"]);
  expect(found(some.stdout)).toEqual([
    ["acme/orders/v1", "raw/people_#.csv", "E-mail", "text", "csv"],
    ["globex/b/v1", "raw/leads.jsonl", "Email", "text", "jsonl"],
  ]);
  expect(found((await world.run(["columns", "n*", "--dataset", "globex/*/*"])).stdout)).toEqual([
    ["globex/b/v1", "raw/leads.jsonl", "n/a", "integer", "jsonl"],
    ["globex/c/v1", "raw/rows.csv", "name", "text", "csv"],
  ]);
});

test("without a name all columns are listed, but those of files without a header", async () => {
  await using world = await createLake();
  const { stdout } = await world.run(["columns", "--json"]);
  const all = JSON.parse(stdout) as { readonly column: string }[];
  expect(all.map(({ column }) => column).toSorted()).toEqual(
    ["id", "E-mail", "Email", "n/a", "id", "name"].toSorted(),
  );
});

test("a name that no column has is an error, with those that are near", async () => {
  await using world = await createLake();
  const near = await world.run(["columns", "emial"]);
  expect(near).toMatchObject({ code: 2, stdout: "" });
  expect(near.stderr).toMatch(/no column is called emial; did you mean .*[Ee]-?mail/);
  const json = await world.run(["columns", "zzzzzz", "--json"]);
  expect(json).toMatchObject({ code: 2, stdout: "" });
  expect(json.stderr).toMatch(/no column is called zzzzzz; columns are known of files/);
});
