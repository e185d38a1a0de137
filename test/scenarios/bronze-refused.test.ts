import { execFileSync } from "node:child_process";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, MTIME, run, type World } from "../helpers/world.ts";

/**
 * Expects a bad bronze to become an outcome with a message, without a sample, while the file beside
 * it goes on.
 */
async function expectFailure(world: World, code: string, message: RegExp): Promise<void> {
  await world.put("beside.csv", "v\n1\n");
  const { summary, outcomes } = await world.pass();
  expect(outcomes).toEqual({ "raw/bad.csv": code, "raw/beside.csv": "sampled" });
  expect(summary).toMatchObject({ sampled: 1, failed: 1, errors: 0 });
  expect(await world.samples()).toEqual(["beside_sample.csv"]);
  expect(world.row("raw/bad.csv")).toMatchObject({
    outcome: "failed",
    code,
    message: expect.stringMatching(message),
  });
  const receipts = await world.receipts();
  expect(receipts.find(({ raw }) => raw === "raw/bad.csv")).toMatchObject({
    outcome: "failed",
    code,
  });
}

test("a bronze file that is missing fails, and is tried again in 5 seconds", async () => {
  await using world = await createWorld();
  await world.announce("bad.csv");
  const before = Date.now();
  await expectFailure(world, "FILE_MISSING", /ENOENT/);
  const row = world.row("raw/bad.csv");
  expect(row).toMatchObject({ attempts: 1, waiting: true });
  const wait = Date.parse(row?.nextAt ?? "") - before;
  expect(wait).toBeGreaterThanOrEqual(5000);
  expect(wait).toBeLessThan(5000 + Date.now() - before + 1);
});

test("a bronze path through a file is missing as well", async () => {
  await using world = await createWorld();
  await world.write("bronze/file", "x");
  await world.announce("bad.csv", { bronze: "bronze/file/bad.csv" });
  await expectFailure(world, "FILE_MISSING", /ENOTDIR/);
});

test("a directory is refused", async () => {
  await using world = await createWorld();
  await mkdir(world.path("bronze/bad.csv"), { recursive: true });
  await world.announce("bad.csv");
  await expectFailure(world, "PATH_REFUSED", /not a regular file/);
  expect(world.row("raw/bad.csv")).toMatchObject({ waiting: false });
});

test("a FIFO is refused, and nothing waits for it", async () => {
  await using world = await createWorld();
  execFileSync("mkfifo", [world.path("bronze/bad.csv")]);
  await world.announce("bad.csv");
  await expectFailure(world, "PATH_REFUSED", /not a regular file/);
});

test("a socket is refused", async () => {
  await using world = await createWorld();
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(world.path("bronze/bad.csv"), resolve));
  await world.announce("bad.csv");
  await expectFailure(world, "PATH_REFUSED", /not a regular file/);
  await new Promise((resolve) => void server.close(resolve));
});

test("a device is refused", async () => {
  await using world = await createWorld({ allowedRoots: ["/dev"] });
  await world.announce("bad.csv", { bronze: "/dev/zero" });
  await expectFailure(world, "PATH_REFUSED", /not a regular file/);
});

test.each([
  "/etc/passwd",
  "../../../../../../../../../etc/passwd",
  "bronze/../../../../../../../../etc/passwd",
])("%s is refused", async (bronze) => {
  await using world = await createWorld();
  await world.announce("bad.csv", { bronze });
  await expectFailure(world, "PATH_REFUSED", /outside the prefix and allowedRoots/);
});

test("a link that leads out of the lake is refused, wherever it is in the path", async () => {
  await using world = await createWorld();
  const outside = join(world.root, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "secret.csv"), "secret\n1\n");
  await symlink(join(outside, "secret.csv"), world.path("bronze/bad.csv"));
  await world.announce("bad.csv");
  await expectFailure(world, "PATH_REFUSED", /outside the prefix/);
  await symlink(outside, world.path("bronze/directory"));
  await world.announce("c.csv", { bronze: "bronze/directory/secret.csv" });
  expect((await world.pass()).outcomes).toEqual({ "raw/c.csv": "PATH_REFUSED" });
});

test("a directory whose name begins with the prefix's is outside", async () => {
  await using world = await createWorld();
  await mkdir(`${world.prefix}-other`);
  await writeFile(`${world.prefix}-other/a.csv`, "v\n1\n");
  await world.announce("bad.csv", { bronze: `${world.prefix}-other/a.csv` });
  await expectFailure(world, "PATH_REFUSED", /outside the prefix/);
});

test("a link that stays in the lake is followed", async () => {
  await using world = await createWorld();
  await world.write("bronze/real.csv", "v\n1\n");
  await symlink("real.csv", world.path("bronze/link.csv"));
  await world.announce("link.csv");
  expect((await world.pass()).outcomes).toEqual({ "raw/link.csv": "sampled" });
});

test("a link that leads in a circle is refused", async () => {
  await using world = await createWorld();
  await symlink("bad.csv", world.path("bronze/bad.csv"));
  await world.announce("bad.csv");
  await expectFailure(world, "PATH_REFUSED", /ELOOP/);
});

test("a file below an allowed root is sampled", async () => {
  await using outside = await createWorld();
  await outside.write("a.csv", "v\n1\n");
  await using world = await createWorld({ allowedRoots: [outside.root] });
  await world.announce("a.csv", { bronze: outside.path("a.csv") });
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});

test("an allowed root that appears later, as a mount does, is then allowed", async () => {
  await using outside = await createWorld();
  const root = join(outside.root, "mount");
  await using world = await createWorld({ allowedRoots: [root] });
  await world.announce("a.csv", { bronze: join(root, "a.csv") });
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "FILE_MISSING" });
  await mkdir(root);
  await writeFile(join(root, "a.csv"), "v\n1\n");
  await world.announce("a.csv", { bronze: join(root, "a.csv"), mtime: MTIME + 1 });
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});

test("samples that lead out of the lake are not written", async () => {
  await using world = await createWorld();
  const outside = join(world.root, "outside");
  await mkdir(outside);
  await symlink(outside, world.path("samples"));
  await world.put("a.csv", "v\n1\n");
  const { outcomes } = await world.pass();
  expect(outcomes["acme/orders/v1"]).toMatch(/OUTPUT_UNWRITABLE/);
  expect((await world.snapshot(outside)).size).toBe(0);
  await rm(world.path("samples"));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});

test("a bronze directory that is missing as a whole makes its dataset wait, and no other", async () => {
  await using world = await createWorld();
  await world.put("a.csv", "v\n1\n");
  await world.put("b.csv", "v\n1\n");
  await world.put("other.csv", "v\n1\n", { dataset: "acme/other/v1" });
  await rename(world.path("bronze"), world.path("unmounted"));
  const { summary, outcomes } = await world.pass();
  expect(outcomes).toEqual({
    "acme/orders/v1": "paused: FILE_MISSING",
    "raw/other.csv": "sampled",
  });
  expect(summary).toMatchObject({ paused: 1, failed: 0, sampled: 1 });
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: null, attempts: 0, waiting: true });
  await rename(world.path("unmounted"), world.path("bronze"));
  expect((await world.pass()).summary).toMatchObject({ paused: 0, sampled: 2 });
});

test("what the service's user may not read fails, and is tried again", async (context) => {
  if (process.getuid?.() !== 0) context.skip("needs root to become another user");
  await using world = await createWorld();
  await world.put("bad.csv", "v\n1\n");
  await world.put("beside.csv", "v\n1\n");
  execFileSync("chmod", ["-R", "a+rwX", world.root]);
  execFileSync("chmod", ["000", world.path("bronze/bad.csv")]);
  const program = join(import.meta.dirname, "../../src/main.ts");
  // Node as nobody, as long as this tree may be read by everybody.
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const probe = await run([...nobody, process.execPath, program, "--version"]);
  if (probe.code !== 0)
    context.skip(`nobody cannot run this program: ${probe.stderr.split("\n")[0]}`);
  const ran = await run(
    [...nobody, process.execPath, program, "run", "--once", "--json"],
    world.config,
  );
  expect(ran.stderr).toMatch(/FILE_UNREADABLE.*EACCES/);
  expect(ran.code).toBe(3);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 1, failed: 1 });
  expect(world.row("raw/bad.csv")).toMatchObject({ code: "FILE_UNREADABLE", waiting: true });
});
