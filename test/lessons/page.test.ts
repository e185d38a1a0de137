import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test("each test that docs/lessons.md names is there", () => {
  const page = readFileSync(join(root, "docs/lessons.md"), "utf8");
  const named = [...page.matchAll(/`([a-z]+(?:\/[a-z-]+)+)`/g)].map(
    ([, name]) => `test/${name}.test.ts`,
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
