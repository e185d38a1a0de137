import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootMachine, type Machine, whyNoMachine } from "./machine.ts";

const root = join(import.meta.dirname, "../../..");
const hasDpkg = spawnSync("dpkg-deb", ["--version"]).error === undefined;
const why = hasDpkg ? await whyNoMachine() : "dpkg-deb is not installed";
if (why !== undefined) process.stdout.write(`the service is not run under systemd: ${why}\n`);

const dataset = "/data/acme/orders/v1";
const samples = `${dataset}/samples`;
const config = "/etc/staging-sampler/config.yaml";
const status = "systemctl show -P StatusText staging-sampler";
/** The package is on the machine's disk as /package.deb. */
const install = "dpkg --force-unsafe-io --install /package.deb";

const dropIns = "/etc/systemd/system/staging-sampler.service.d";

let machine: Machine;

/**
 * Commands that an operator runs once: the lake belongs to production, samples and state to the
 * service.
 */
const lake = `
  mkdir -p ${dataset}/bronze ${dataset}/manifests
  install -d -o staging-sampler -g staging-sampler -m 0750 ${samples} /data/.staging-sampler`;

/** Commands of production: one file, announced. */
function landed(name: string): string {
  const line = `{"raw":"raw/${name}","bronze":"bronze/${name}","mtime":1}`;
  return `
    printf 'id,name\\n1,one\\n' >${dataset}/bronze/${name}
    echo '${line}' >>${dataset}/manifests/processed.jsonl`;
}

function sampled(name: string): string {
  return `cat ${samples}/${name.replace(".csv", "_sample.csv")}`;
}

/** A property of the service in systemd: `MainPID`, `NRestarts`, … */
function property(name: string): string {
  return machine.must(`systemctl show -P ${name} staging-sampler`).trim();
}

beforeAll(async () => {
  if (why !== undefined) return;
  const scratch = mkdtempSync(join(tmpdir(), "staging-sampler-package-"));
  const dist = join(scratch, "dist");
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  try {
    run(join(root, "node_modules/.bin/tsc"), "-p", "tsconfig.build.json", "--outDir", dist);
    const built = ["--dist", dist, "--out", scratch, "--compression", "none"];
    const deb = run(process.execPath, "packaging/deb.ts", ...built).trim();
    // Without an index of the machine's manual pages after each change: that takes seconds.
    machine = await bootMachine(`cp '${deb}' "$W/root/package.deb"
      mkdir -p "$W/root/data" && rm -f "$W/root/var/lib/man-db/auto-update"`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

afterAll(async () => {
  await machine?.[Symbol.asyncDispose]();
});

test.skipIf(why !== undefined)(
  "the package is installed without being started, and says what is next",
  () => {
    const said = machine.must(install);
    expect(said).toContain("systemctl enable --now staging-sampler");
    expect(machine.run("systemctl is-active staging-sampler").stdout).toBe("inactive\n");
    const units = "staging-sampler staging-sampler-stage";
    expect(machine.run(`systemctl is-enabled ${units}`).stdout).toBe("disabled\ndisabled\n");
    expect(machine.run(`systemctl is-active ${units}`).stdout).toBe("inactive\ninactive\n");
    machine.must(lake);
    const check = machine.must("runuser -u staging-sampler -- staging-sampler check");
    expect(check).toContain("/etc/staging-sampler/config.yaml");
    expect(machine.must("bash -n /usr/share/bash-completion/completions/staging-sampler")).toBe("");
    machine.must("test -s /usr/share/man/man1/staging-sampler.1.gz");
  },
);

test.skipIf(why !== undefined)(
  "it is active once the first pass can begin, samples what lands, and says how it stands",
  async () => {
    machine.must("systemctl enable --now staging-sampler");
    expect(machine.must("systemctl is-active staging-sampler")).toBe("active\n");
    machine.must(landed("first.csv"));
    expect(await machine.until(sampled("first.csv"))).toBe("id,name\n1,one\n");
    await machine.until(`${status} | grep '^no file waits'`);
    const shown = machine.must("systemctl status staging-sampler");
    expect(shown).toMatch(/Status: "no file waits/);
    expect(machine.must("stat -c '%a %U' /run/staging-sampler")).toBe("750 staging-sampler\n");
    const seen = machine.must("runuser -u staging-sampler -- staging-sampler status");
    expect(seen).toContain("acme/orders/v1");
  },
);

test.skipIf(why !== undefined)(
  "a reload takes a new configuration; one that is wrong is refused, and its status says why",
  async () => {
    const before = property("MainPID");
    machine.must(`cp ${config} /root/config.yaml; echo 'sample: {rows: 7}' >>${config}`);
    machine.must("systemctl reload staging-sampler");
    await machine.until("journalctl -u staging-sampler | grep -q 'configuration read again'");
    machine.must(`echo 'rows: 7' >>${config}; systemctl reload staging-sampler`);
    await machine.until(`${status} | grep -q 'configuration refused.*rows'`);
    await machine.until("systemctl is-active staging-sampler");
    machine.must(`cp /root/config.yaml ${config}; systemctl reload staging-sampler`);
    await machine.until(`${status} | grep -q '^no file waits$'`);
    expect(property("MainPID")).toBe(before);
  },
);

test.skipIf(why !== undefined)("a hook runs within the unit's limits", async () => {
  const hook = `[/bin/sh, -c, "cat >/data/.staging-sampler/told"]`;
  machine.must(`echo 'hooks: {gatherSeconds: 0, failure: ${hook}}' >>${config}
    systemctl reload staging-sampler; ${landed("broken.zip")}`);
  await machine.until("grep FORMAT_INVALID /data/.staging-sampler/told");
  machine.must(`cp /root/config.yaml ${config}; systemctl reload staging-sampler`);
  await machine.until(`${status} | grep -q '^no file waits$'`);
});

test.skipIf(why !== undefined)(
  "a daemon that hangs is killed by the watchdog, started again, and works on",
  async () => {
    const dropIn = "/run/systemd/system/staging-sampler.service.d";
    machine.must(`mkdir -p ${dropIn}
      printf '[Service]\\nWatchdogSec=1s\\nRestartSec=100ms\\n' >${dropIn}/soon.conf
      systemctl daemon-reload && systemctl restart staging-sampler`);
    const before = property("MainPID");
    machine.must(`kill -STOP ${before}`);
    machine.must(landed("second.csv"));
    expect(await machine.until(sampled("second.csv"))).toBe("id,name\n1,one\n");
    expect(property("MainPID")).not.toBe(before);
    expect(property("NRestarts")).toBe("1");
    machine.must("journalctl -u staging-sampler | grep -q 'Watchdog timeout'");
    machine.must(`rm -r ${dropIn} && systemctl daemon-reload`);
  },
);

test.skipIf(why !== undefined)(
  "a wrong configuration ends it with 78 and it stays ended",
  async () => {
    machine.must(`echo 'rows: 7' >>${config}`);
    machine.run("systemctl restart staging-sampler");
    await machine.until("systemctl is-failed staging-sampler");
    expect(property("ExecMainStatus")).toBe("78");
    expect(property("SubState")).toBe("failed");
    expect(property("NRestarts")).toBe("0");
    machine.must(`cp /root/config.yaml ${config}; systemctl start staging-sampler`);
  },
);

test.skipIf(why !== undefined)("it stops cleanly, and the cache is one file again", () => {
  machine.must("systemctl stop staging-sampler");
  expect(property("Result")).toBe("success");
  expect(property("ExecMainStatus")).toBe("0");
  expect(machine.must("cd /data/.staging-sampler && ls cache.db*")).toBe("cache.db\n");
});

/** Gets a run of one file, as a member of the group: prints the file. */
const asAda = `runuser -u ada -- env PYTHONPATH=/usr/share/staging-sampler python3 -B -c '
import staging_client
print(staging_client.open_staged("http://127.0.0.1:8000/a?sig=secret", "r", command="").read())'`;

test.skipIf(why !== undefined)(
  "the staging service fetches for members of its group, and for nobody else",
  async () => {
    machine.must(`echo "staging: { hosts: { allow: [127.0.0.1] } }" >>/etc/staging-sampler/stage.yaml
      useradd -G staging-sampler-stage ada && useradd -M eve
      systemctl enable --now staging-sampler-stage`);
    expect(machine.must("systemctl is-active staging-sampler-stage")).toBe("active\n");
    const object = 'require("http").createServer((_, to) => to.end("hello")).listen(8000)';
    machine.must(
      `systemd-run --unit objects -p User=nobody /usr/lib/staging-sampler/node -e '${object}'`,
    );
    expect(await machine.until(asAda)).toBe("hello\n");
    expect(machine.run(asAda.replace("ada", "eve")).stderr).toContain("UNREACHABLE");
    const state = "/var/lib/staging-sampler-stage";
    expect(machine.must(`stat -c '%a %U' ${state}`)).toBe("750 staging-sampler-stage\n");
    expect(machine.must(`ls ${state}/runs`)).toBe("");
    expect(machine.must("journalctl -u staging-sampler-stage")).not.toContain("secret");
    machine.must("systemctl reload staging-sampler-stage");
    await machine.until(
      "journalctl -u staging-sampler-stage | grep -q 'token and rate are read again'",
    );
    machine.must(install);
    expect(machine.must("systemctl is-active staging-sampler-stage")).toBe("active\n");
    machine.must("systemctl stop staging-sampler-stage");
    expect(machine.must("systemctl show -P Result staging-sampler-stage")).toBe("success\n");
  },
);

test.skipIf(why !== undefined)(
  "an upgrade stops it while its files are replaced, and starts it only if it ran",
  async () => {
    machine.must(install);
    expect(machine.run("systemctl is-active staging-sampler").stdout).toBe("inactive\n");
    machine.must("systemctl start staging-sampler");
    const before = property("MainPID");
    machine.must(install);
    expect(machine.must("systemctl is-active staging-sampler")).toBe("active\n");
    expect(property("MainPID")).not.toBe(before);
    machine.must(landed("third.csv"));
    await machine.until(sampled("third.csv"));
  },
);

test.skipIf(why !== undefined)(
  "with its drop-in it works on a database, with a password from a file",
  async (context) => {
    const [programs] = globSync("/usr/lib/postgresql/*/bin");
    if (programs === undefined) return context.skip("postgresql is not installed");
    const asPostgres = "setpriv --reuid postgres --regid postgres --init-groups --";
    const setting = "-c listen_addresses=127.0.0.1 -c unix_socket_directories=";
    machine.must(`
      install -d -o postgres /run/database && cd /run/database && echo secret >password
      ${asPostgres} ${programs}/initdb -D data -A scram-sha-256 --pwfile password -N -U sampler
      ${asPostgres} ${programs}/pg_ctl -D data -w -l log -o '${setting}' start
      systemctl stop staging-sampler && cp ${config} /root/config.yaml
      cd / && install -D -m 0644 /usr/share/doc/staging-sampler/database.conf ${dropIns}/database.conf
      echo 'database: postgresql://sampler@127.0.0.1/postgres' >>${config}
      echo '127.0.0.1:5432:*:sampler:secret' >/etc/staging-sampler/pgpass
      chown staging-sampler /etc/staging-sampler/pgpass && chmod 0600 /etc/staging-sampler/pgpass
      systemctl daemon-reload && systemctl start staging-sampler`);
    machine.must(landed("shared.csv"));
    await machine.until(sampled("shared.csv"));
    const asService = "runuser -u staging-sampler -- env PGPASSFILE=/etc/staging-sampler/pgpass";
    expect(machine.must(`${asService} staging-sampler status`)).toMatch(/64 of 64 lanes/);
    machine.must(`systemctl stop staging-sampler; rm -r ${dropIns} /etc/staging-sampler/pgpass
      cp /root/config.yaml ${config} && systemctl daemon-reload
      ${asPostgres} ${programs}/pg_ctl -D /run/database/data -m immediate stop`);
  },
);

test.skipIf(why !== undefined)(
  "purging the package leaves samples, cache and the user they belong to, and nothing else",
  () => {
    machine.must("dpkg -L staging-sampler | grep -E 'staging.(sampler|manifest)' >/root/owned");
    const kept = `ls ${samples} && test -s /data/.staging-sampler/cache.db`;
    const before = machine.must(kept);
    machine.must("dpkg --purge staging-sampler");
    expect(machine.must(kept)).toBe(before);
    machine.must("id staging-sampler");
    expect(machine.run("xargs -d '\\n' ls -d </root/owned 2>/dev/null").stdout).toBe("");
    expect(machine.must("find /etc /run /var/lib -name '*staging-sampler*'")).toBe("");
  },
);
