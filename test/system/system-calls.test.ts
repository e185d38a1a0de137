import { execFileSync } from "node:child_process";
import { constants, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorCode } from "../../src/errors.ts";
import { kernelCalls, O_PATH, procCalls, type SystemCalls } from "../../src/system/system-calls.ts";
import { held } from "../helpers/held.ts";
import { createWorld, type World } from "../helpers/world.ts";

/** The kernel's calls, which every machine that runs these tests has, and what stands in for them. */
const ways: Readonly<Record<string, SystemCalls>> = {
  "openat2(2)": kernelCalls() as SystemCalls,
  "steps through /proc/self/fd": procCalls,
};

function fill(world: World): void {
  const root = world.path("d");
  mkdirSync(`${root}/a/b`, { recursive: true });
  writeFileSync(`${root}/a/b/file`, "x");
  writeFileSync(world.path("beside"), "x");
  symlinkSync("a", `${root}/link`);
  symlinkSync("b/file", `${root}/a/to-file`);
  symlinkSync("/proc/self/fd/0", `${root}/magic`);
  execFileSync("mkfifo", [`${root}/fifo`]);
}

/** The file that a path leads to, or the errno. */
function lookUp(calls: SystemCalls, directory: number | undefined, path: string): string {
  const at = directory === undefined ? { path } : { directory, path };
  let fd: number | undefined;
  try {
    fd = calls.open(at, O_PATH, 0);
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch (error) {
    return errorCode(error) ?? String(error);
  } finally {
    if (fd !== undefined) calls.close(fd);
  }
}

test.each(Object.entries(ways))(
  "by %s a path leads to what lies beneath its directory, and to nothing behind a link",
  async (_, calls) => {
    await using world = await createWorld();
    fill(world);
    using directory = held(world.path("d"));
    const leads = (path: string) => lookUp(calls, directory.fd, path);
    expect(leads("a/b/file")).toBe(world.path("d/a/b/file"));
    expect(leads("./a//b")).toBe(world.path("d/a/b"));
    expect(leads(".")).toBe(world.path("d"));
    // It is found, not opened: that would wait for a writer.
    expect(leads("fifo")).toBe(world.path("d/fifo"));
    for (const path of ["link", "link/b/file", "a/to-file", "magic"]) {
      expect(leads(path), path).toMatch(/^(ELOOP|ENOTDIR)$/);
    }
    for (const path of ["..", "../beside", "a/../../beside", world.path("beside"), "/"]) {
      expect(leads(path), path).toBe("EXDEV");
    }
    expect(leads("a/none")).toBe("ENOENT");
    expect(leads("none/file")).toBe("ENOENT");
    expect(leads("a/b/file/deeper")).toBe("ENOTDIR");
    expect(leads("x".repeat(300))).toBe("ENAMETOOLONG");
  },
);

test.each(Object.entries(ways))(
  "by %s an absolute path may not lead through a link either",
  async (_, calls) => {
    await using world = await createWorld();
    fill(world);
    const leads = (path: string) => lookUp(calls, undefined, path);
    expect(leads(world.path("d/a/b"))).toBe(world.path("d/a/b"));
    expect(leads(world.path("d/link/b"))).toMatch(/^(ELOOP|ENOTDIR)$/);
    expect(leads("/")).toBe("/");
  },
);

test.each(Object.entries(ways))(
  "by %s a file is made once, renamed over another, and never through a link",
  async (_, calls) => {
    await using world = await createWorld();
    fill(world);
    using directory = held(world.path("d"));
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    const make = (path: string) =>
      calls.close(calls.open({ directory: directory.fd, path }, flags, 0o640));
    make("new");
    expect(() => make("new")).toThrow(expect.objectContaining({ code: "EEXIST" }));
    expect(() => make("link/new")).toThrow(expect.objectContaining({ code: expect.any(String) }));
    calls.rename(directory.fd, "new", "link");
    expect(lookUp(calls, directory.fd, "link")).toBe(world.path("d/link"));
    expect(() => calls.rename(directory.fd, "none", "x")).toThrow(
      expect.objectContaining({ code: "ENOENT", syscall: "rename" }),
    );
  },
);
