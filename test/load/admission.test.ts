import { expect, test } from "vitest";
import { thisKernel } from "../../src/load/cgroup.ts";
import { cpuTime, usedByOthers } from "../../src/load/cpu.ts";
import { createAdmission } from "../../src/load/admission.ts";
import { memoryInUse } from "../../src/load/memory.ts";
import { createKernel } from "../helpers/kernel.ts";

const MIB = 1024 ** 2;

const host = {
  "proc/self/cgroup": "0::/system.slice/sampler.service\n",
  "proc/stat": "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2 3\n",
  "proc/meminfo": "MemTotal:       1000 kB\nMemFree:  10 kB\nMemAvailable:    250 kB\n",
};
const group = "cgroups/system.slice/sampler.service";

test("memory: of the machine, what could not be given back at once", async () => {
  await using kernel = await createKernel(host);
  expect(memoryInUse(kernel)).toBe(75);
});

test("memory: of a control group with a limit first, without what it only caches", async () => {
  await using kernel = await createKernel({
    ...host,
    [`${group}/cgroup.procs`]: `${process.pid}\n77\n`,
    [`${group}/memory.max`]: String(100 * MIB),
    [`${group}/memory.current`]: String(90 * MIB),
    [`${group}/memory.stat`]: `anon 1\ninactive_file ${50 * MIB}\nactive_file 2\n`,
  });
  expect(memoryInUse(kernel)).toBe(40);
});

test("memory: a group of our own tells nothing of others, one around it does", async () => {
  await using kernel = await createKernel({
    ...host,
    [`${group}/cgroup.procs`]: `${process.pid}\n`,
    [`${group}/memory.max`]: "1000",
    [`${group}/memory.current`]: "990",
  });
  expect(memoryInUse(kernel)).toBe(75);
  await kernel.write({
    "cgroups/system.slice/cgroup.procs": "",
    "cgroups/system.slice/memory.max": "1000",
    "cgroups/system.slice/memory.current": "600",
  });
  expect(memoryInUse(kernel)).toBe(60);
});

test("processors: of the machine, idle and waiting time apart, without our own", async () => {
  await using kernel = await createKernel(host);
  const before = cpuTime(kernel, 0);
  await kernel.write({ "proc/stat": "cpu  160 0 120 860 60 0 0 0 30 0\n" });
  const after = cpuTime(kernel, 1000);
  if (before === undefined || after === undefined) throw new Error("not told");
  expect(after.total - before.total).toBeCloseTo(2);
  expect(after.used - before.used).toBeCloseTo(0.8);
  expect(usedByOthers({ ...before, ours: 0 }, { ...after, ours: 0 })).toBeCloseTo(40);
  expect(usedByOthers({ ...before, ours: 0 }, { ...after, ours: 0.6 })).toBeCloseTo(10);
});

test("processors: of a control group with a quota first", async () => {
  await using kernel = await createKernel({
    ...host,
    [`${group}/cgroup.procs`]: "1\n2\n",
    [`${group}/cpu.max`]: "50000 100000\n",
    [`${group}/cpu.stat`]: "usage_usec 1000000\nuser_usec 1\n",
  });
  const before = cpuTime(kernel, 0);
  await kernel.write({ [`${group}/cpu.stat`]: "usage_usec 1400000\n" });
  const after = cpuTime(kernel, 1000);
  if (before === undefined || after === undefined) throw new Error("not told");
  expect(usedByOthers({ ...before, ours: 0 }, { ...after, ours: 0 })).toBeCloseTo(80);
});

test("the admission closes above a limit, says why, and opens again", async () => {
  await using kernel = await createKernel(host);
  let now = 0;
  const admission = createAdmission({ maxCpu: 50, maxMemory: 80 }, kernel, () => now);
  expect(admission.busy()).toMatch(/not known yet/);
  now = 1000;
  await kernel.write({ "proc/stat": "cpu  100 0 100 1000 0 0 0 0\n" });
  expect(admission.busy()).toBeUndefined();
  await kernel.write({ "proc/stat": "cpu  290 0 100 1010 0 0 0 0\n" });
  expect(admission.busy(), "looked at once a second").toBeUndefined();
  now = 2000;
  expect(admission.busy()).toMatch(/^others use \d\d % of the processors$/);
  now = 3000;
  await kernel.write({
    "proc/stat": "cpu  290 0 100 1210 0 0 0 0\n",
    "proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 100 kB\n",
  });
  expect(admission.busy()).toBe("90 % of the memory is in use");
  now = 4000;
  await kernel.write({ ...host, "proc/stat": "cpu  290 0 100 1410 0 0 0 0\n" });
  expect(admission.busy()).toBeUndefined();
});

test("without limits nothing is looked at; a limit on what the kernel hides is refused", async () => {
  await using kernel = await createKernel({});
  expect(createAdmission({}, kernel).busy()).toBeUndefined();
  for (const load of [{ maxCpu: 50 }, { maxMemory: 50 }]) {
    expect(() => createAdmission(load, kernel)).toThrow(/load\.max.* is set, but .*ProcSubset/);
  }
});

test("the kernel of this machine tells both", () => {
  expect(memoryInUse(thisKernel)).toBeGreaterThan(0);
  expect(memoryInUse(thisKernel)).toBeLessThanOrEqual(100);
  expect(cpuTime(thisKernel, 0)?.total).toBeGreaterThan(0);
});
