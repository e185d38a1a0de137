import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeTree } from "../../src/staging/remove-tree.ts";

const isRoot = process.geteuid?.() === 0;
if (isRoot) process.setegid?.("nogroup");
if (isRoot)
  process.stdout.write("read-only directories are removed as another user: root may all\n");

test("what a command made read-only goes, and what its links lead to stays", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sampler-remove-"));
  const [tree, other] = [join(directory, "tree"), join(directory, "other")];
  await chmod(directory, 0o777);
  if (isRoot) process.seteuid?.("nobody");
  try {
    await mkdir(join(tree, "mod/a"), { recursive: true });
    await mkdir(other);
    await writeFile(join(tree, "mod/a/x"), "");
    await symlink(other, join(tree, "mod/link"));
    for (const path of [other, join(tree, "mod/a")]) await chmod(path, 0o555);
    await chmod(join(tree, "mod"), 0o000);
    await removeTree(tree);
    expect(await readdir(directory)).toEqual(["other"]);
    expect((await stat(other)).mode & 0o777).toBe(0o555);
  } finally {
    if (isRoot) process.seteuid?.(0);
    if (isRoot) process.setegid?.(0);
    await rm(directory, { recursive: true });
  }
});
