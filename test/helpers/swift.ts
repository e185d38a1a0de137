import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import type { ObjectStore } from "./object-store.ts";
import { startService, until, type Workplace, whyWithout } from "./workplace.ts";

/** The reason why there is no Swift here; undefined where there is. Debian: swift-proxy, -account, -container, -object. */
export const whyNoSwift = whyWithout([
  "swift-proxy-server",
  "swift-account-server",
  "swift-container-server",
  "swift-object-server",
  "setpriv",
]);

const kinds = ["account", "container", "object"] as const;

const REGION = "us-west-2";

/** Starts OpenStack's Swift with its S3, alone on loopback: unlike Ceph it wants its region signed. */
export function startSwift(): Promise<ObjectStore> {
  return startService(startIn);
}

async function startIn(place: Workplace, signal: AbortSignal): Promise<ObjectStore> {
  const { root } = place;
  const port = await freePort();
  await mkdir(join(root, "disks/sda"), { recursive: true });
  await writeFile(
    join(root, "swift.conf"),
    "[swift-hash]\nswift_hash_path_suffix = a\nswift_hash_path_prefix = b\n[storage-policy:0]\nname = one\ndefault = yes\n",
  );
  const ports: number[] = [];
  for (const kind of kinds) {
    const own = await freePort();
    ports.push(own);
    await writeFile(join(root, `${kind}.conf`), serverText(root, kind, own));
  }
  // Debian's Swift belongs to Debian's Python.
  await promisify(execFile)("/usr/bin/python3", ["-c", RINGS, root, ...ports.map(String)], {
    signal,
  });
  await writeFile(join(root, "proxy.conf"), proxyText(root, port));
  for (const kind of [...kinds, "proxy"])
    place.start(`swift-${kind}-server`, [join(root, `${kind}.conf`)]);
  const url = new URL(`http://127.0.0.1:${port}/`);
  // The proxy is up before those that it asks, and takes them for dead then.
  for (const each of [...ports, port])
    await until(signal, async () => {
      const reply = await fetch(`http://127.0.0.1:${each}/healthcheck`, { signal });
      return (await reply.text()) === "OK";
    });
  return {
    url,
    region: REGION,
    keys: { accessKeyId: "ada:x", secretAccessKey: "secret" },
    otherKeys: { accessKeyId: "eve:x", secretAccessKey: "secret2" },
    [Symbol.asyncDispose]: () => place.end(),
  };
}

const RINGS = `
import sys
from swift.common.ring import RingBuilder
for name, port in zip(("account", "container", "object"), sys.argv[2:]):
    ring = RingBuilder(1, 1, 0)
    ring.add_dev(dict(id=0, region=1, zone=1, ip="127.0.0.1", port=int(port), device="sda", weight=1,
                      replication_ip="127.0.0.1", replication_port=int(port), meta=""))
    ring.rebalance()
    ring.get_ring().save(sys.argv[1] + "/" + name + ".ring.gz")
`;

function commonText(root: string, port: number): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
user = root
swift_dir = ${root}
devices = ${root}/disks
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
workers = 0
conn_timeout = 60
node_timeout = 120
client_timeout = 120
log_level = ERROR
log_udp_host = 127.0.0.1
log_udp_port = 9
`;
}

function serverText(root: string, kind: string, port: number): string {
  return `${commonText(root, port)}[pipeline:main]
pipeline = healthcheck ${kind}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:${kind}-server]
use = egg:swift#${kind}
`;
}

function proxyText(root: string, port: number): string {
  const filters = ["catch_errors", "gatekeeper", "healthcheck", "cache", "listing_formats"];
  const more = ["s3api", "tempauth", "copy", "slo", "dlo", "versioned_writes"];
  const own: Readonly<Record<string, string>> = {
    s3api: `location = ${REGION}\ns3_acl = false\n`,
    tempauth: "user_ada_x = secret .admin\nuser_eve_x = secret2 .admin\n",
    cache: "memcache_servers = 127.0.0.1:9\n",
  };
  const texts = [...filters, ...more].map(
    (each) =>
      `[filter:${each}]\nuse = egg:swift#${each === "cache" ? "memcache" : each}\n${own[each] ?? ""}`,
  );
  return `${commonText(root, port)}[pipeline:main]
pipeline = ${[...filters, ...more].join(" ")} proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
conn_timeout = 60
node_timeout = 120
recoverable_node_timeout = 120
client_timeout = 120
error_suppression_limit = 1000000
${texts.join("")}`;
}
