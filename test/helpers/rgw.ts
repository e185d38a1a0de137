import { execFile } from "node:child_process";
import { randomInt, randomUUID } from "node:crypto";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import type { Keys, ObjectStore } from "./object-store.ts";
import { startService, until, type Workplace, whyWithout } from "./workplace.ts";

/** The reason why there is no Ceph here; undefined where there is. Debian: radosgw, ceph-mon, ceph-osd. */
export const whyNoRgw = whyWithout([
  "ceph",
  "ceph-mon",
  "ceph-osd",
  "radosgw",
  "radosgw-admin",
  "setpriv",
]);

/** Ceph's S3, at two addresses: regions of one service. */
export interface Rgw extends ObjectStore {
  readonly second: URL;
}

/** Lines of its configuration beside the usual ones; bytes that it keeps at most. */
interface RgwOptions {
  readonly more?: string | undefined;
  readonly mostBytes?: number;
}

/** Starts Ceph's S3, alone on loopback, with all it keeps in memory. It takes 1 s. */
export function startRgw(options: RgwOptions = {}): Promise<Rgw> {
  return startService((place, signal) => startIn(place, options, signal));
}

const keys = { accessKeyId: "AKID", secretAccessKey: "a-secret-of-ada" };
const otherKeys = { accessKeyId: "OTHER", secretAccessKey: "secret2" };

async function startIn(place: Workplace, options: RgwOptions, signal: AbortSignal): Promise<Rgw> {
  const { root } = place;
  const [mon, port, secondPort] = [await freePort(), await freePort(), await freePort()];
  await configure(root, mon, options);
  const tool = (program: string, ...args: string[]) =>
    promisify(execFile)(program, ["--conf", join(root, "ceph.conf"), ...args], { signal });
  await startCluster(place, { tool, mon, signal });
  await createUser(tool, "a", keys);
  await createUser(tool, "b", otherKeys);
  const at = [port, secondPort].map((each) => `endpoint=127.0.0.1:${each}`);
  const frontend = `--rgw_frontends=beast ${at.join(" ")}`;
  place.start("radosgw", ["--conf", join(root, "ceph.conf"), "-n", "client.rgw", "-f", frontend]);
  const url = new URL(`http://127.0.0.1:${port}/`);
  await until(signal, async () => (await fetch(url, { signal })).ok);
  const second = new URL(`http://127.0.0.1:${secondPort}/`);
  return {
    url,
    second,
    region: "us-east-1",
    keys,
    otherKeys,
    [Symbol.asyncDispose]: () => place.end(),
  };
}

/** Each of Ceph's programs: `program --conf FILE args`. @throws what it says, or the signal's reason */
type Tool = (program: string, ...args: string[]) => Promise<{ readonly stdout: string }>;

async function createUser(tool: Tool, uid: string, keys: Keys): Promise<void> {
  const who = ["--uid", uid, "--display-name", uid];
  const { accessKeyId, secretAccessKey } = keys;
  const access = ["--access-key", accessKeyId, "--secret-key", secretAccessKey];
  await tool("radosgw-admin", "user", "create", ...who, ...access);
}

/** A monitor, and one disk in memory. */
async function startCluster(
  place: Workplace,
  {
    tool,
    mon,
    signal,
  }: { readonly tool: Tool; readonly mon: number; readonly signal: AbortSignal },
): Promise<void> {
  const { root } = place;
  const conf = ["--conf", join(root, "ceph.conf")];
  const keyring = join(root, "keyring");
  const map = join(root, "monmap");
  for (const [name, ...rights] of RIGHTS) {
    const create = name === "mon." ? ["-C"] : [];
    await tool("ceph-authtool", keyring, ...create, "-g", "-n", name, ...rights);
  }
  const fsid = (await readFile(join(root, "ceph.conf"), "utf8")).match(/^fsid = (.*)$/m)?.[1] ?? "";
  const address = `[v2:127.0.0.1:${mon},v1:127.0.0.1:${mon + 1}]`;
  await tool("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, map);
  await tool("ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring);
  place.start("ceph-mon", [...conf, "-i", "a", "-f"]);
  await until(signal, () => tool("ceph", "--connect-timeout", "2", "-s").then(() => true));
  const disk = randomUUID();
  await tool("ceph", "osd", "new", disk, "0");
  await cp(keyring, join(root, "osd/keyring"));
  await tool("ceph", "auth", "import", "-i", keyring);
  await tool("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk);
  place.start("ceph-osd", [...conf, "-i", "0", "-f"]);
  await until(signal, async () => / 1 up/.test((await tool("ceph", "osd", "stat")).stdout));
}

const RIGHTS = [
  ["mon.", "--cap", "mon", "allow *"],
  ["client.admin", "--cap", "mon", "allow *", "--cap", "osd", "allow *"],
  ["osd.0", "--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"],
  ["client.rgw", "--cap", "mon", "allow rwx", "--cap", "osd", "allow rwx"],
] as const;

/** One copy of all in memory, found at once and let go of at once. */
async function configure(
  root: string,
  mon: number,
  { more = "", mostBytes = 2 ** 30 }: RgwOptions,
): Promise<void> {
  for (const each of ["mon", "osd", "run", "log"]) await mkdir(join(root, each));
  const low = randomInt(20_000, 28_000);
  await writeFile(
    join(root, "ceph.conf"),
    `[global]
fsid = ${randomUUID()}
mon_host = [v2:127.0.0.1:${mon}/0,v1:127.0.0.1:${mon + 1}/0]
mon_initial_members = a
public_addr = 127.0.0.1
ms_bind_port_min = ${low}
ms_bind_port_max = ${low + 1000}
keyring = ${root}/keyring
run_dir = ${root}/run
log_file = ${root}/log/$name.log
pid_file = ${root}/run/$name.pid
admin_socket = ${root}/run/$name.$pid.asok
mon_data = ${root}/mon
osd_data = ${root}/osd
osd_class_dir = /usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/rados-classes
osd_objectstore = memstore
memstore_device_bytes = ${mostBytes}
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data_avail_warn = 2
mon_data_avail_crit = 1
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
rgw_gc_obj_min_wait = 2
rgw_gc_processor_period = 5
${more}`,
  );
}
