import { expect, test } from "vitest";
import { createWorld, DATASET, rows } from "../helpers/world.ts";

test.each(["bronze", "bronze/2026/01", "manifests", "samples", "samples/state"])(
  "a state directory in a dataset's %s is refused before anything is written there",
  async (folder) => {
    await using world = await createWorld();
    await world.put("a.csv", rows(3));
    await world.configure({ state: `${DATASET}/${folder}` });
    const before = await world.snapshot();
    for (const args of [["check"], ["run", "--once"]]) {
      const { code, stdout, stderr } = await world.run(args);
      expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
      expect(stderr).toMatch(/^staging-sampler: CONFIG_INVALID: .*state/);
    }
    expect(await world.snapshot()).toEqual(before);
  },
);

test.each([".state/a/b/c", "state", "acme/state"])(
  "a state directory in %s is fine",
  async (state) => {
    await using world = await createWorld({ state });
    await world.put("a.csv", rows(3));
    expect(await world.run(["run", "--once"])).toMatchObject({ code: 0, stderr: "" });
  },
);
