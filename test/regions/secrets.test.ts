import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startHttpProxy } from "../helpers/http-proxy.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { bytesOf } from "./stored.ts";
import { keysOf, startTwoRegions, type TwoRegions } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no secret can be seen: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

/** Keys, and what only a signed request has. */
const SECRETS =
  /a-secret-of-ada|AKID|a-token-of-ada|X-Amz-|AWS4-HMAC|Signature=|Credential=|authorization/i;

const ends = new AsyncDisposableStack();
let here: TwoRegions;
beforeAll(async () => {
  if (whyNoRgw === undefined) here = ends.use(await startTwoRegions());
});
afterAll(() => ends.disposeAsync());

there(
  "no output, document, list or file of the state has a key, a token or a signature",
  async () => {
    const texts: string[] = [];
    const codes = new Set<number | null>();
    const stage = async (...args: readonly string[]) => {
      for (const more of [[], ["--json"]]) {
        const { code, stdout, stderr } = await here.stage([...args, ...more]);
        texts.push(stdout, stderr);
        codes.add(code);
      }
      return /stage-[0-9a-f]{12}/.exec(texts.slice(-4).join(" "))?.[0] ?? "";
    };
    const everything = async (id: string) => {
      await stage("list");
      await stage("info", id);
      await stage("download", id, "--dest", join(here.root, `got-${texts.length}`));
      await stage("update", id, "--ttl", "3");
      await stage("resume", id);
      await stage("cleanup", "--expired");
      await stage("upload", path, "--regions", "east,gone");
    };
    const path = await here.write("file", "x");
    const id = await stage("upload", path, "--regions", "east,west", "--sweep-id", "s");
    await everything(id);

    const keyFile = join(here.root, "keys.json");
    const right = JSON.parse(await readFile(keyFile, "utf8"));
    for (const wrong of [
      { ...right, secretAccessKey: "a-secret-of-ada-x" },
      { ...right, accessKeyId: "AKIDX" },
      { ...right, sessionToken: "a-token-of-ada" },
      { secret: right.secretAccessKey },
    ]) {
      await writeFile(keyFile, JSON.stringify(wrong));
      await everything(id);
      await stage("delete", id, "-y");
    }
    await writeFile(keyFile, JSON.stringify(right));
    // What comes back shows the whole request, as some stores do.
    await using proxy = await startHttpProxy(here.urls.east, ({ headers, path: asked }) => ({
      status: 403,
      word: "SignatureDoesNotMatch",
      body: `<Error><Code>SignatureDoesNotMatch</Code><Message>${headers.authorization} ${asked}</Message></Error>`,
    }));
    await here.configure({ east: proxy.url, west: proxy.url, staging: { retries: 0 } });
    await everything(id);
    await stage("delete", id, "-y");
    await here.configure({});

    for (const bucket of [here.east, here.west])
      for (const name of await keysOf(bucket, id)) {
        const Key = `${id}/${name}`;
        texts.push(name, (await bytesOf(bucket, Key)).toString());
        const head = new HeadObjectCommand({ Bucket: bucket.name, Key });
        texts.push(JSON.stringify((await bucket.client.send(head)).Metadata));
      }
    await stage("delete", id, "-y");
    const state = join(here.root, "state");
    const kept = existsSync(state)
      ? await readdir(state, { recursive: true, withFileTypes: true })
      : [];
    for (const entry of kept.filter((each) => each.isFile()))
      texts.push((await readFile(join(entry.parentPath, entry.name))).toString("latin1"));

    expect(texts.filter((text) => SECRETS.test(text))).toEqual([]);
    expect(texts.length).toBeGreaterThan(150);
    expect([...codes].toSorted()).toEqual([0, 1, 2, 3]);
  },
);
