import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ObjectServer, objectOf, SECRET, startObjects } from "../helpers/range-server.ts";
import { runHere } from "../helpers/program.ts";
import { ask } from "../http/requests.ts";
import { serve } from "../http/serve.ts";
import { createWorld, DATASET, MTIME, type World } from "../helpers/world.ts";

const csv = Buffer.from(`id,name\n${"1,abc\n".repeat(50_000)}`);
const sampleOf = (bytes: Buffer) => bytes.subarray(0, "id,name\n".length + 100 * "1,abc\n".length);

/** The configuration that lets a server's objects be sampled. */
function allowing(server: ObjectServer, ...more: readonly string[]): object {
  return { allowedRoots: [new URL(".", server.url("x")).href, ...more] };
}

function announce(world: World, url: URL | string, mtime = MTIME): Promise<void> {
  return world.announce("a.csv", { bronze: String(url), mtime });
}

/** All that a command says that does well. */
async function told(world: World, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere([...args, "--config", world.config]);
  expect(code, `${args.join(" ")}: ${stderr}`).toBe(0);
  return stdout.toString() + stderr;
}

/** Everything that is in the lake's files, but for the manifests. */
function written(world: World): string {
  const files = readdirSync(world.prefix, { recursive: true, withFileTypes: true });
  const ours = files.filter((file) => file.isFile() && !file.parentPath.includes("manifests"));
  return ours.map((file) => readFileSync(join(file.parentPath, file.name), "latin1")).join("\n");
}

test("an object at a web server is sampled where it lies, and its query is seen nowhere", async () => {
  await using server = await startObjects(objectOf(csv));
  await using world = await createWorld(allowing(server));
  await announce(world, server.url("a.csv"));
  const did = await world.run(["run", "--once"], { env: { LOG_LEVEL: "debug" } });
  expect(did.code).toBe(0);
  expect(server.asked).toEqual(["bytes=0-131071"]);
  expect((await world.sample("a_sample.csv")).equals(sampleOf(csv))).toBe(true);
  const bronze = `${server.url("a.csv").origin}/data/a.csv?…`;
  const [receipt, ...others] = await world.receipts();
  expect(others).toEqual([]);
  expect(receipt).toMatchObject({
    raw: "raw/a.csv",
    bronze,
    mtime: MTIME,
    outcome: "sampled",
    format: "csv",
    rows: 100,
    cut: "rows",
    readBytes: 131_072,
    requests: 1,
    sourceSize: csv.length,
  });

  const commands = [
    ["show", "raw/a.csv"],
    ["show", String(server.url("a.csv"))],
    ["show", "raw/a.csv", "--json"],
    ["list", "--json"],
    ["explain", "raw/a.csv"],
    ["explain", "raw/a.csv", "--json"],
    ["status"],
    ["audit"],
    ["check"],
  ];
  for (const command of commands) {
    const text = await told(world, command);
    expect(text).not.toContain(SECRET);
    if (/show|list|explain/.test(command[0] as string)) expect(text).toContain(bronze);
  }
  expect(await told(world, ["show", "raw/a.csv"])).toContain("read, by 1 request");
  expect(did.stdout + did.stderr + written(world)).not.toContain(SECRET);
  expect(statSync(join(world.state, "key")).mode & 0o777).toBe(0o600);
});

test("page and metrics show no query either, of what was sampled and of what failed", async () => {
  await using server = await startObjects(
    objectOf(csv, {
      answer(_n, { url = "" }, response) {
        if (url.includes("a.csv")) return false;
        response.writeHead(403).end();
        return true;
      },
    }),
  );
  await using world = await createWorld(allowing(server));
  await announce(world, server.url("a.csv"));
  await world.announce("b.csv", { bronze: server.url("b.csv").href });
  const { events } = await world.pass();
  await using served = await serve(world);
  for (const event of events) served.server.observe(event);
  const entry = (name: string) => `/entry?dataset=${encodeURIComponent(DATASET)}&raw=raw%2F${name}`;
  const pages = [entry("a.csv"), entry("b.csv"), `/datasets/${DATASET}`, "/failures", "/metrics"];
  for (const path of ["/", ...pages]) {
    const { status, body } = await ask(served.url, path);
    expect(status, path).toBe(200);
    expect(body).not.toContain(SECRET);
    if (path.startsWith("/entry")) expect(body).toContain(`/data/${path.slice(-5)}?…`);
  }
  expect((await ask(served.url, entry("a.csv"))).body).toContain("by 1 request");
});

test("the same line, signed anew, is unchanged; one with another mtime is sampled", async () => {
  await using server = await startObjects(objectOf(csv));
  await using world = await createWorld(allowing(server));
  await announce(world, server.url("a.csv"));
  await world.pass();
  const again = server.url("a.csv");
  again.search = "?X-Amz-Signature=another";
  await announce(world, again);
  expect((await world.pass()).summary).toMatchObject({ unchanged: 1, sampled: 0 });
  await announce(world, again, MTIME + 1);
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});

test.each([
  ["another host", (url: URL) => url.href.replace("127.0.0.1", "127.0.0.1.evil.example")],
  ["another port", (url: URL) => url.href.replace(/:\d+/, ":1")],
  ["another protocol", (url: URL) => url.href.replace("http:", "https:")],
  ["another path", (url: URL) => url.href.replace("/data/", "/data2/")],
  ["a step up", (url: URL) => url.href.replace("/data/", "/data/../private/")],
  ["an escaped step up", (url: URL) => url.href.replace("/data/", "/data/x%2f%252E%2e%2f..%2f")],
  ["a user", (url: URL) => url.href.replace("//", "//me:password@")],
  ["the beginning itself", (url: URL) => new URL(".", url).href],
  ["a user of a bucket", () => "s3://me:password@bucket/a.csv"],
  ["no URL", () => `http://[nonsense/data/a.csv?sig=${SECRET}`],
])("%s is refused, and not asked", async (_what, changed) => {
  await using server = await startObjects(objectOf(csv));
  await using world = await createWorld(allowing(server));
  await announce(world, changed(server.url("a.csv")));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "PATH_REFUSED" });
  expect(world.row("raw/a.csv")).toMatchObject({ nextAt: null });
  expect(server.asked).toEqual([]);
  world.close();
  expect(written(world)).not.toMatch(new RegExp(`${SECRET}|password`));
});

test("without an allowed beginning no URL is asked, and a path is what it was", async () => {
  await using server = await startObjects(objectOf(csv));
  await using world = await createWorld();
  await announce(world, server.url("a.csv"));
  await world.put("b.csv", csv);
  const { outcomes } = await world.pass();
  expect(outcomes).toEqual({ "raw/a.csv": "PATH_REFUSED", "raw/b.csv": "sampled" });
  expect(server.asked).toEqual([]);
});

test.each([
  [404, "", "FILE_MISSING", true],
  [403, "AccessDenied", "FORBIDDEN", true],
  [403, "Request has expired", "URL_EXPIRED", false],
  [400, "ExpiredToken", "URL_EXPIRED", false],
])("%d %s is %s", async (status, body, code, isAgain) => {
  await using server = await startObjects(
    objectOf(csv, {
      answer(n, _request, response) {
        if (n === 0) response.writeHead(status).end(body);
        return n === 0;
      },
    }),
  );
  await using world = await createWorld(allowing(server));
  await announce(world, server.url("a.csv"));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": code });
  expect(world.row("raw/a.csv")?.waiting).toBe(isAgain);
  // A new line makes it due, with the URL that it has.
  await announce(world, server.url("a.csv"));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});

test("an object that changes while it is read is told, and read again later", async () => {
  const wide = Buffer.from(`id,word\n${`1,${"x".repeat(9000)}\n`.repeat(300)}`);
  await using server = await startObjects(
    objectOf(wide, {
      answer(n) {
        if (n === 0) setImmediate(() => server.serve(objectOf(wide, { etag: '"v2"' })));
        return false;
      },
    }),
  );
  await using world = await createWorld(allowing(server));
  await announce(world, server.url("a.csv"));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "FILE_CHANGED" });
  expect(world.row("raw/a.csv")).toMatchObject({ waiting: true, sample: null });
  expect(await world.samples()).toEqual([]);
});

test("what waits is known by the next process, its query too", async () => {
  await using server = await startObjects(
    objectOf(csv, {
      answer(n, { url = "" }, response) {
        if (url.includes(SECRET) && n > 0) return false;
        response.writeHead(404).end();
        return true;
      },
    }),
  );
  await using world = await createWorld(allowing(server));
  await announce(world, server.url("a.csv"));
  await world.pass();
  world.close();
  await told(world, ["retry", "raw/a.csv"]);
  expect((await world.run(["run", "--once"])).code).toBe(0);
  expect((await world.receipts()).at(-1)).toMatchObject({ outcome: "sampled", requests: 1 });
});

test("with the cache, and with the key, queries are lost, and a new line brings them", async () => {
  await using server = await startObjects(objectOf(csv));
  await using world = await createWorld(allowing(server));
  await announce(world, server.url("a.csv"));
  await world.pass();
  world.close();
  rmSync(world.state, { recursive: true });
  expect((await world.pass()).summary).toMatchObject({ sampled: 0, unchanged: 1 });
  world.db().prepare("UPDATE files SET next_at = 0").run();
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "URL_EXPIRED" });
  expect(world.row("raw/a.csv")?.message).toMatch(/its query is not known any more/);
  await announce(world, server.url("a.csv"), MTIME + 1);
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  world.close();
  rmSync(join(world.state, "key"));
  world.db().prepare("UPDATE files SET next_at = 0").run();
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "URL_EXPIRED" });
});

test("a host that cannot be reached is tried for one entry, and holds up no other", async () => {
  await using world = await createWorld({ allowedRoots: ["http://127.0.0.1:1/"] });
  const far = (name: string) => ({ bronze: `http://127.0.0.1:1/${name}?sig=${SECRET}` });
  await world.announce("a", far("a"));
  expect((await world.pass()).outcomes).toEqual({ "raw/a": "UNREACHABLE" });
  expect(world.row("raw/a")?.message).toMatch(/ECONNREFUSED.*given up after 4 tries/);
  await world.announce("b", far("b"));
  await world.announce("c", far("c"));
  await world.put("here.csv", csv);
  const failed = { "raw/b": "UNREACHABLE", "raw/c": "UNREACHABLE" };
  expect((await world.pass()).outcomes).toEqual({ ...failed, "raw/here.csv": "sampled" });
  for (const name of ["b", "c"]) {
    const { message, waiting } = world.row(`raw/${name}`) ?? {};
    expect({ message, waiting }).toEqual({
      message: expect.stringMatching("not asked"),
      waiting: true,
    });
  }
});

test("a redirect is followed to hosts that are allowed, and to no other", async () => {
  await using other = await startObjects(objectOf(csv));
  const elsewhere = other.url("b.csv").href.replace("127.0.0.1", "localhost");
  await using server = await startObjects(
    objectOf(csv, {
      answer(n, _request, response) {
        const to = n === 0 ? elsewhere : other.url("b.csv").href;
        response.writeHead(302, { Location: to }).end();
        return true;
      },
    }),
  );
  await using world = await createWorld(allowing(server));
  await announce(world, server.url("a.csv"));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "FORBIDDEN" });
  expect(other.asked).toEqual([]);
  await announce(world, server.url("a.csv"));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});

test("what the content asks another name for is asked for twice, and both are counted", async () => {
  const binary = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(992)]);
  await using server = await startObjects(objectOf(binary, { etag: null }));
  await using world = await createWorld(allowing(server));
  await announce(world, server.url("a.csv"));
  await world.pass();
  expect(await world.samples()).toEqual(["a_sample.meta.json"]);
  expect(await world.receipts()).toMatchObject([{ requests: 2, readBytes: 2000 }]);
});

test("of an object whose versions cannot be told apart the receipt warns, where it was asked for twice", async () => {
  const wide = Buffer.from(`id,word\n${`1,${"x".repeat(9000)}\n`.repeat(300)}`);
  await using server = await startObjects(objectOf(wide, { etag: null }));
  await using world = await createWorld(allowing(server));
  await announce(world, server.url("a.csv"));
  await world.pass();
  const warnings = [expect.stringContaining("does not tell versions apart")];
  expect(await world.receipts()).toMatchObject([{ requests: 2, warnings }]);
});

test("append takes a URL, and says nothing of its query", async () => {
  await using server = await startObjects(objectOf(csv));
  await using world = await createWorld(allowing(server));
  const url = server.url("a.csv").href;
  const call = ["append", "--dataset", DATASET, "--raw", "raw/a.csv", "--bronze", url];
  const without = await world.run([...call, "--strict"]);
  expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining("give the mtime") });
  const did = await world.run([...call, "--strict", "--mtime", "5", "--json"]);
  expect(did.code).toBe(0);
  expect(without.stderr + did.stdout + did.stderr).not.toContain(SECRET);
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});

test("a bad line with a URL in it is told without the URL", async () => {
  await using world = await createWorld();
  const halves = [`{"raw": "a.csv", "bronze": "https://h/a?sig=${SECRET}"${SECRET}`, SECRET];
  await world.manifest(`${halves[0]}\n?sig=${SECRET}"}\n`);
  const { rejected } = await world.pass();
  expect(rejected).toHaveLength(2);
  world.close();
  expect(JSON.stringify(rejected) + written(world)).not.toContain(SECRET.slice(0, 6));
});

test("a dataset of which all lies elsewhere needs no bronze/", async () => {
  await using server = await startObjects(objectOf(csv));
  await using world = await createWorld(allowing(server));
  rmSync(world.path("bronze"), { recursive: true });
  await announce(world, server.url("a.csv"));
  await told(world, ["check"]);
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  await world.announce("b.csv");
  expect((await world.run(["check"])).stdout).toContain("bronze cannot be read");
});
