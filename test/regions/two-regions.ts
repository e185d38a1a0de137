import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { runProgram } from "../../src/cli/program.ts";
import { type Ran, run, type RunOptions } from "../helpers/world.ts";
import type { Keys, ObjectStore } from "../helpers/object-store.ts";
import { startRgw } from "../helpers/rgw.ts";
import { type Bucket, createBucket, keyFileText } from "../helpers/s3-bucket.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

/** The machine of the tests may be an instance. */
const NOWHERE = { AWS_EC2_METADATA_DISABLED: "true" };

/** Two regions of one service, and a directory of this machine. */
export interface TwoRegions extends AsyncDisposable {
  /** Addresses of the regions. */
  readonly urls: { readonly east: URL; readonly west: URL };
  /** Of another account of the service, which has no right to the buckets. */
  readonly otherKeys: Keys;
  readonly root: string;
  /** The configuration's path. */
  readonly config: string;
  readonly east: Bucket;
  readonly west: Bucket;
  /** `staging-sampler stage …`, in a process of its own where `onStart` is there. */
  stage(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** The same; what it prints, as JSON. */
  json<T = Record<string, unknown>>(...args: readonly string[]): Promise<T>;
  /** Removes an object. */
  remove(bucket: Bucket, key: string): Promise<void>;
  /** Changes what a bucket says of a staging. */
  change(bucket: Bucket, id: string, change: object): Promise<void>;
  /** Writes a file below the directory. */
  write(name: string, bytes: Buffer | string): Promise<string>;
  /** Writes the configuration, with other addresses or parts than usual. */
  configure(more: {
    readonly east?: URL;
    readonly west?: URL;
    /** Another service, as the region `far`. */
    readonly far?: ObjectStore;
    readonly staging?: object;
  }): Promise<void>;
}

/** Starts them, with more lines of Ceph's configuration. */
export async function startTwoRegions(more?: string): Promise<TwoRegions> {
  const rgw = await startRgw({ more });
  const root = await mkdtemp(join(tmpdir(), "sampler-regions-"));
  const east = await createBucket(rgw, "staging-east");
  const west = await createBucket({ ...rgw, url: rgw.second }, "west-bucket");
  const config = join(root, "config.yaml");
  const keyFile = join(root, "keys.json");
  await writeFile(keyFile, keyFileText(rgw.keys));
  const configure: TwoRegions["configure"] = async (more) => {
    const { east: oneUrl = rgw.url, west: twoUrl = rgw.second, far, staging = {} } = more;
    const farKeys = join(root, "far.json");
    if (far !== undefined) await writeFile(farKeys, keyFileText(far.keys));
    const at = { region: "us-east-1", credentials: { keyFile } };
    const endpoints = {
      one: { ...at, url: oneUrl.href },
      two: { ...at, url: twoUrl.href },
      ...(far === undefined
        ? {}
        : { three: { url: far.url.href, region: far.region, credentials: { keyFile: farKeys } } }),
    };
    const regions = {
      ...(far === undefined ? {} : { far: { endpoint: "three" } }),
      east: { endpoint: "one" },
      west: { endpoint: "two", bucket: "west-bucket" },
      gone: { endpoint: "two", bucket: "no-such-bucket" },
    };
    await writeFile(
      config,
      JSON.stringify({ state: join(root, "state"), endpoints, regions, staging }),
    );
  };
  await configure({});
  const stage: TwoRegions["stage"] = (args, { env = {}, onStart } = {}) =>
    onStart === undefined
      ? ranHere(["stage", ...args], { ...NOWHERE, ...env, STAGING_SAMPLER_CONFIG: config })
      : run([process.execPath, main, "stage", ...args], config, {
          env: { ...NOWHERE, ...env },
          onStart,
        });
  return {
    urls: { east: rgw.url, west: rgw.second },
    otherKeys: rgw.otherKeys,
    root,
    config,
    east,
    west,
    stage,
    async json(...args) {
      const { stdout, stderr, code } = await stage([...args, "--json"]);
      if (stdout === "") throw new Error(`${code}: ${stderr}`);
      return JSON.parse(stdout);
    },
    async remove({ client, name }, key) {
      await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }));
    },
    async change({ client, name, put }, id, change) {
      const Key = `${id}/_staging.json`;
      const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key }));
      const document = JSON.parse((await Body?.transformToString()) ?? "");
      await put(Key, JSON.stringify({ ...document, ...change }));
    },
    async write(name, bytes) {
      const path = join(root, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
      return path;
    },
    configure,
    async [Symbol.asyncDispose]() {
      await rgw[Symbol.asyncDispose]();
      await rm(root, { recursive: true });
    },
  };
}

/** A command in this process: most of the time of a short one is its start. */
async function ranHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all([text(out), text(err)]);
  const streams = { out, err } as unknown as { out: NodeJS.WriteStream; err: NodeJS.WriteStream };
  const code = await runProgram(args, { ...streams, env, exitNow: () => undefined });
  out.end();
  err.end();
  const [stdout, stderr] = await texts;
  return { code, stdout, stderr };
}

/** Keys of a bucket below a staging's id, without the id. */
export async function keysOf({ client, name }: Bucket, id: string): Promise<string[]> {
  const command = new ListObjectsV2Command({ Bucket: name, Prefix: `${id}/` });
  const { Contents = [] } = await client.send(command);
  return Contents.map(({ Key = "" }) => Key.slice(id.length + 1));
}

/** The number of uploads in parts in a bucket that are not complete. */
export async function uploadsIn({ client, name }: Bucket): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name }));
  return Uploads.length;
}
