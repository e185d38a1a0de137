import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { times } from "../../fixtures/fixture.ts";
import { tarOf } from "../../fixtures/tar-blocks.ts";
import { createWorld } from "../helpers/world.ts";

const csv = `id,name\n${times(200, (i) => `${i},n${i}\n`)}`;
const tar = tarOf([
  { name: "d/a.csv", data: csv },
  { name: "b.txt", data: "hello\n" },
]);

test("a tar is listed, or sampled with its members where that is configured", async () => {
  await using world = await createWorld();
  await world.put("listed.tar", tar);
  await world.pass();
  await world.configure({ sample: { tar: "members" } });
  await world.put("a.tar", tar);
  await world.put("b.tgz", gzipSync(tar));
  expect((await world.pass()).summary).toMatchObject({ sampled: 2, failed: 0 });
  expect(await world.samples()).toEqual(
    expect.arrayContaining(["a_sample.tar", "b_sample.tgz", "listed_sample.txt"]),
  );
  const sample = await world.sample("a_sample.tar");
  expect(gunzipSync(await world.sample("b_sample.tgz")).equals(sample)).toBe(true);
  expect(world.row("raw/a.tar")).toMatchObject({ format: "tar" });
  const shown = await world.run(["show", "raw/b.tgz"]);
  expect(shown.stdout).toMatch(/d\/a\.csv.*b\.txt/s);
  expect(shown.stdout).toContain("hello");
});
