import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";

const folder = join(import.meta.dirname, "../../../deploy/systemd");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).error === undefined;
if (!hasSystemd) process.stdout.write("the unit is not checked: systemd-analyze is not here\n");

/** systemd's view of a unit, alone or with a drop-in: `verify`'s complaints, and its exposure. */
function analyzed(
  name: string,
  dropIn?: string,
): { readonly complaints: string; readonly exposure: number } {
  const scratch = mkdtempSync(join(tmpdir(), "staging-sampler-unit-"));
  const unit = join(scratch, name);
  // The program is not installed where tests run; everything else is checked as it stands.
  const text = read(name).replace(/^ExecStart=\S+/m, "ExecStart=/bin/true");
  writeFileSync(unit, text);
  if (dropIn !== undefined) {
    mkdirSync(`${unit}.d`);
    writeFileSync(join(`${unit}.d`, dropIn), read(dropIn));
  }
  const systemd = (...args: string[]) =>
    spawnSync("systemd-analyze", [...args, unit], { encoding: "utf8" });
  const { stderr, status } = systemd("verify", "--recursive-errors=no");
  const { stdout } = systemd("security", "--offline=true", "--no-pager");
  rmSync(scratch, { recursive: true });
  const exposure = Number(/Overall exposure level.*: ([\d.]+)/.exec(stdout)?.[1]);
  return { complaints: status === 0 ? stderr : `${status}: ${stderr}`, exposure };
}

test.skipIf(!hasSystemd)(
  "the unit is one that systemd understands, and exposes next to nothing",
  () => {
    const { complaints, exposure } = analyzed("staging-sampler.service");
    expect(complaints).toBe("");
    expect(exposure).toBeLessThanOrEqual(1);
  },
);

test.skipIf(!hasSystemd)("opened for the page on loopback, it exposes little more", () => {
  const { complaints, exposure } = analyzed("staging-sampler.service", "http.conf");
  expect(complaints).toBe("");
  expect(exposure).toBeGreaterThan(analyzed("staging-sampler.service").exposure);
  expect(exposure).toBeLessThanOrEqual(2);
});

test.skipIf(!hasSystemd)("opened for a database, it exposes no more than the network", () => {
  const { complaints, exposure } = analyzed("staging-sampler.service", "database.conf");
  expect(complaints).toBe("");
  expect(exposure).toBeLessThanOrEqual(2);
});

test.skipIf(!hasSystemd)("the unit of the staging service exposes little more: the network", () => {
  const { complaints, exposure } = analyzed("staging-sampler-stage.service");
  expect(complaints).toBe("");
  expect(exposure).toBeLessThanOrEqual(1.5);
});

test("the staging service's configuration is valid, and its state is the unit's", () => {
  const text = read("stage.yaml");
  const { state, prefix } = parseConfig(text, "stage.yaml");
  const directory = /^StateDirectory=(.*)$/m.exec(read("staging-sampler-stage.service"))?.[1];
  expect(state).toBe(`/var/lib/${directory}`);
  expect(prefix).toBeUndefined();
  const all = parseConfig(text.replace(/^#(?=staging:| {2})/gm, ""), "stage.yaml");
  expect(all.staging).toMatchObject({
    hosts: { allow: ["*"] },
    listen: "127.0.0.1:9470",
    tokenFile: "/etc/staging-sampler/token",
  });
});

test("what unit and drop-in say of other settings is so", () => {
  const unit = read("staging-sampler.service");
  const set = (name: string): string | undefined =>
    new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1];
  const { stopSeconds, limits } = parseConfig("", "empty.yaml");
  expect(set("Type")).toBe("notify");
  expect(set("NotifyAccess")).toBe("main");
  // It would win over the configuration, for the service and not for people's commands.
  expect(unit).not.toMatch(/^Environment=FP_PREFIX/m);
  expect(set("Restart")).toBe("always");
  expect(set("RestartPreventExitStatus")).toBe("78");
  expect(set("TimeoutStopSec")).toBe("20s");
  expect(stopSeconds).toBeLessThan(20);
  expect(set("WatchdogSec")).toBe("2min");
  // "by default 5 min"
  expect(2 * limits.seconds + 2 * 120).toBe(300);
  const conf = read("http.conf");
  const listen = /^# +listen: (\S+)$/m.exec(conf)?.[1];
  expect(parseConfig(`http: {listen: "${listen}"}`, "http.yaml").http.listen).toBe(listen);
  expect(conf).toContain(`SocketBindAllow=tcp:${listen?.split(":")[1]}`);
});
