import { chmod, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encoded } from "../../src/http/pages/query.ts";
import { fetchOnce } from "../helpers/fetch-once.ts";
import { createWorld, DATASET, rows, run, type World } from "../helpers/world.ts";
import { textOf } from "./page-text.ts";
import { servePages } from "./page-server.ts";

const HEADING = "How the file begins";
const SECRET = "mary.major@example.org";

/** The pages of entries, by the name of their file. */
async function entriesOf(world: World, names: readonly string[]): Promise<Map<string, string>> {
  await using server = await servePages(world.settings());
  const found = new Map<string, string>();
  for (const name of names) {
    const path = `/entry?dataset=${DATASET}&raw=${encoded(`raw/${name}`)}`;
    const response = await fetchOnce(server.url + path);
    expect([name, response.status]).toEqual([name, 200]);
    found.set(name, await response.text());
  }
  expect(server.failures).toEqual([]);
  return found;
}

test("a file that failed shows how it begins: lines of text, bytes of all else, bounded and escaped", async () => {
  await using world = await createWorld();
  const lines = Array.from({ length: 50 }, (_, i) => `line ${i} <script>alert(1)</script>\r\n`);
  await world.put("text.parquet", `PAR1 is what it is not\n${lines.join("")}`);
  await world.put("bytes.zip", Buffer.from([0x50, 0x4b, 0, 1, 2, 0xff]));
  await world.put("long.zip", "x".repeat(1_000_000));
  await world.put("fine.csv", rows(3));
  await world.announce("gone.csv");
  await world.pass();
  const names = ["text.parquet", "bytes.zip", "long.zip", "fine.csv", "gone.csv"];
  const pages = await entriesOf(world, names);
  const text = textOf(pages.get("text.parquet") ?? "");
  expect(text).toContain(`${HEADING} bronze/text.parquet as it is now`);
  expect(text).toContain("PAR1 is what it is not 2 line 0 <script>alert(1)</script> ");
  expect(text).not.toContain("line 10 ");
  expect(pages.get("text.parquet")).not.toContain("<script>alert");
  expect(textOf(pages.get("bytes.zip") ?? "")).toContain("0000 50 4b 00 01 02 ff PK....");
  expect(pages.get("long.zip")?.length).toBeLessThan(20_000);
  for (const name of ["fine.csv", "gone.csv"]) expect(pages.get(name)).not.toContain(HEADING);
});

test("nothing is read of what may not be: links elsewhere, FIFOs, refused paths, objects elsewhere", async () => {
  await using world = await createWorld();
  const secret = join(world.root, "secret.txt");
  await writeFile(secret, `${SECRET}\n`);
  const names = ["link.zip", "fifo.zip"];
  for (const name of names) await world.put(name, "no zip");
  await world.announce("refused.zip", { bronze: secret });
  await world.announce("object.zip", { bronze: "s3://bucket/object.zip" });
  await world.pass();
  for (const name of names) await rm(world.path(`bronze/${name}`));
  await symlink(secret, world.path("bronze/link.zip"));
  await run(["mkfifo", world.path("bronze/fifo.zip")]);
  const pages = await entriesOf(world, [...names, "refused.zip", "object.zip"]);
  for (const html of pages.values()) {
    expect(html).toContain("notice bad");
    expect(html).not.toContain(HEADING);
    expect(html).not.toContain(SECRET);
  }
});

test("a masked dataset shows nothing of a file that failed", async () => {
  await using world = await createWorld();
  await world.put("people.parquet", `no parquet, but ${SECRET}`);
  await world.pass();
  expect((await entriesOf(world, ["people.parquet"])).get("people.parquet")).toContain(SECRET);
  const key = join(world.root, "key");
  await writeFile(key, Buffer.alloc(32, 1));
  await chmod(key, 0o400);
  await world.configure({ mask: { key, columns: [{ match: ["email"], with: "null" }] } });
  for (const [name, html] of await entriesOf(world, ["people.parquet"])) {
    expect([name, html.includes("notice bad")]).toEqual([name, true]);
    expect(html).not.toContain(HEADING);
    expect(html).not.toContain(SECRET);
  }
});
