import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { authority, OBJECTS, startDrs } from "../helpers/drs-service.ts";
import { runHere } from "../helpers/program.ts";
import { objectOf, SECRET, startObjects } from "../helpers/range-server.ts";
import { createWorld, type World } from "../helpers/world.ts";

if (authority === undefined) process.stdout.write("drs is not tested: there is no openssl\n");
const there = test.skipIf(authority === undefined);
const csv = Buffer.from(`id,name\n${"1,abc\n".repeat(50_000)}`);
const sample = csv.subarray(0, "id,name\n".length + 100 * "1,abc\n".length);

/** A service of one object, `314`, which lies at a web server. */
async function startBoth() {
  const objects = await startObjects(objectOf(csv));
  const at = { type: "https", access_url: { url: objects.url("4f1c").href } };
  const object = { name: "orders.csv", size: csv.length, access_methods: [at] };
  const service = await startDrs((path) => (path === `${OBJECTS}/314` ? object : undefined));
  const close = async () => {
    await service[Symbol.asyncDispose]();
    await objects[Symbol.asyncDispose]();
  };
  return { objects, service, [Symbol.asyncDispose]: close };
}

/** A lake that allows these beginnings of URLs, and the authority. */
async function lake(...allowedRoots: readonly string[]): Promise<World> {
  const world = await createWorld({ allowedRoots });
  const caFile = join(world.prefix, "ca.pem");
  writeFileSync(caFile, authority?.ca ?? "");
  await world.configure({ allowedRoots, staging: { caFile } });
  return world;
}

const rootOf = (url: URL) => new URL(".", url).href;

there("a bronze of a DRS service is sampled where its service says that it lies", async () => {
  await using both = await startBoth();
  const { objects, service } = both;
  await using world = await lake(rootOf(service.url("314")), rootOf(objects.url("x")));
  await world.announce("a.csv", { bronze: service.url("314").href });
  await world.announce("b.csv", { bronze: service.url("none").href });
  const { outcomes } = await world.pass();
  expect(outcomes).toEqual({ "raw/a.csv": "sampled", "raw/b.csv": "FILE_MISSING" });
  expect((await world.sample("a_sample.csv")).equals(sample)).toBe(true);
  const bronze = service.url("314").href;
  expect(await world.receipts()).toContainEqual(
    expect.objectContaining({ bronze, outcome: "sampled", requests: 1, sourceSize: csv.length }),
  );
  expect(objects.asked).toEqual(["bytes=0-131071"]);
});

there("what a DRS service leads to has to be allowed, and so has the service", async () => {
  await using both = await startBoth();
  const { objects, service } = both;
  await using world = await lake(rootOf(service.url("314")));
  await world.announce("a.csv", { bronze: service.url("314").href });
  await world.announce("b.csv", { bronze: "drs://elsewhere.example/314" });
  const { outcomes } = await world.pass();
  expect(outcomes).toEqual({ "raw/a.csv": "FORBIDDEN", "raw/b.csv": "PATH_REFUSED" });
  expect(objects.asked).toEqual([]);
});

there("preview samples an object of a DRS service under the name that it has there", async () => {
  await using both = await startBoth();
  const url = both.service.url("314").href;
  await using world = await lake();
  const json = await runHere(["preview", url, "--json", "--config", world.config]);
  expect(JSON.parse(json.stdout.toString())).toMatchObject({ name: "orders.csv", format: "csv" });
  const { stdout, code } = await runHere(["preview", url, "--config", world.config]);
  expect(code).toBe(0);
  expect(stdout.equals(sample)).toBe(true);
  const hinted = await runHere([
    "preview",
    url,
    "--format",
    "text",
    "--json",
    "--config",
    world.config,
  ]);
  expect(JSON.parse(hinted.stdout.toString())).toMatchObject({ format: "text" });
  const none = await runHere(["preview", both.service.url("none").href, "--config", world.config]);
  expect(none.stderr).toContain("FILE_MISSING");
  expect(json.stdout.toString() + json.stderr + none.stderr).not.toContain(SECRET);
});
