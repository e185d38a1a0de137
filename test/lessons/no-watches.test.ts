import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { LogLine } from "../helpers/daemon.ts";
import { createWorld, rows, run } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const DATASETS = 50;
const EACH_SECOND = "* * * * * *";
/** A user of our own, who may watch 20 paths. */
const limited = ["unshare", "--user", "--map-root-user", "bash", "-c"];
const limit = "echo 20 >/proc/sys/user/max_inotify_watches";

test("where the system has no watches left it is said once, and passes go on by schedule", async (context) => {
  const [unshare = "", ...args] = [...limited, limit];
  if (spawnSync(unshare, args).status !== 0) context.skip("no limit can be set here");
  await using world = await createWorld({ schedule: EACH_SECOND, log: { level: "debug" } });
  for (let i = 0; i < DATASETS; i += 1) {
    const manifests = world.path("manifests", `acme/d${i}/v1`);
    mkdirSync(manifests, { recursive: true });
    writeFileSync(join(manifests, "processed.jsonl"), "");
  }
  let seen = "";
  let isPut = false;
  let isOver = false;
  const command = `${limit}; exec '${process.execPath}' '${main}' run`;
  const ran = await run([...limited, command], world.config, {
    onStart(child) {
      child.stdout?.on("data", (chunk: Buffer) => {
        seen += chunk.toString();
        if (!isPut && seen.includes('"msg":"watching fails')) {
          isPut = true;
          void world.put("late.csv", rows(3), { dataset: `acme/d${DATASETS - 1}/v1` });
        }
        if (seen.includes('"msg":"sampled"') && !isOver) {
          isOver = true;
          child.kill("SIGTERM");
        }
      });
    },
  });
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  const lines = ran.stdout.trim().split("\n");
  const said = lines.map((line) => (JSON.parse(line) as LogLine).msg);
  expect(said).toContain("stopped");
  expect(said.filter((msg) => msg.startsWith("watching fails"))).toHaveLength(1);
});
