import { expect, test } from "vitest";
import { effectsHere } from "../helpers/effects.ts";
import { createWorld } from "../helpers/world.ts";

const BINARY = Buffer.from("0102030405067f80", "hex");

test("a file that is replaced between two looks at its name is one that changed", async () => {
  await using world = await createWorld();
  await world.put("a.csv", BINARY);
  const { runner } = effectsHere(world.settings());
  const { outcomes } = await world.pass({
    async run(job, signal) {
      const outcome = await runner.run(job, signal);
      if (outcome.outcome === "misnamed") await world.write("bronze/a.csv", "id\n1\n");
      return outcome;
    },
  });
  expect(outcomes).toEqual({ "raw/a.csv": "FILE_CHANGED" });
});
