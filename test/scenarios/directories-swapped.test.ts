import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { afterAll, expect, test } from "vitest";
import { audit } from "../../src/cli/commands/audit.ts";
import type { Context } from "../../src/cli/command.ts";
import { prune } from "../../src/cli/commands/prune.ts";
import { errorCode, type Failure } from "../../src/errors.ts";
import { checkAfterPowerLoss } from "../../src/sampling/upkeep/power-loss.ts";
import { atEachStep } from "../helpers/stop-points.ts";
import { createWorld, DATASET, MTIME, run, type World } from "../helpers/world.ts";

/** A swap takes place at every n-th call to the file system; at each of them with SWAP_STEPS=1. */
const STRIDE = Number(process.env["SWAP_STEPS"] ?? 61);

const OTHER = "acme/other/v1";
const SECRET = "S3CR3T";
const program = join(import.meta.dirname, "../../src/main.ts");

/** Names that we would write, replace or remove, if we took production's directories for ours. */
const bait = ["a_sample.csv", "b_sample.csv", "b_sample.meta.json", ".ss-0123456789abcdef.tmp"];

/** One directory is exchanged for something else, and put back. */
interface Swap {
  readonly swap: (world: World) => void;
  readonly undo: (world: World) => void;
  /** Set where work during the swap is rightly done in the other directory. */
  readonly isDoneElsewhere?: true;
}

/** `path` becomes a link to `target`. */
function linked(path: (world: World) => string, target: (world: World) => string): Swap {
  return {
    swap(world) {
      renameSync(path(world), aside(world));
      symlinkSync(target(world), path(world));
    },
    undo(world) {
      rmSync(path(world));
      renameSync(aside(world), path(world));
    },
  };
}

/** Two directories get each other's name. */
function exchanged(a: (world: World) => string, b: (world: World) => string): Swap {
  const exchange = (world: World) => {
    renameSync(a(world), aside(world));
    renameSync(b(world), a(world));
    renameSync(aside(world), b(world));
  };
  return { swap: exchange, undo: exchange };
}

const aside = (world: World) => join(world.root, "aside");
const outside = (world: World) => join(world.root, "outside");
const at =
  (path: string, dataset = DATASET) =>
  (world: World) =>
    world.path(path, dataset);
const vendor = (world: World) => join(world.prefix, "acme");

const swaps: Readonly<Record<string, Swap>> = {
  "samples and a link to bronze": linked(at("samples"), at("bronze")),
  "samples and a link to another dataset's bronze": linked(at("samples"), at("bronze", OTHER)),
  "samples and a link to another dataset's samples": linked(at("samples"), at("samples", OTHER)),
  "samples and a link out of the lake": linked(at("samples"), outside),
  "samples and bronze": exchanged(at("samples"), at("bronze")),
  "samples and manifests": exchanged(at("samples"), at("manifests")),
  "manifests and a link out of the lake": linked(at("manifests"), (world) =>
    join(outside(world), "orders/v1/manifests"),
  ),
  "the dataset and a link to another one": linked(at(""), at("", OTHER)),
  "the dataset and a link out of the lake": linked(at(""), (world) =>
    join(outside(world), "orders/v1"),
  ),
  "the dataset and another one": { ...exchanged(at(""), at("", OTHER)), isDoneElsewhere: true },
  "the vendor and a link out of the lake": linked(vendor, outside),
  "the state directory and a link to bronze": linked((world) => world.state, at("bronze")),
};

/** The work while directories are swapped, and the preparation of the lake for it each time. */
interface Story {
  readonly config?: object;
  readonly prepare?: (world: World) => void;
  /** The newest sample may go. */
  readonly removes?: true;
  readonly work: (world: World) => Promise<unknown>;
}

const stories: Readonly<Record<string, Story>> = {
  "a pass samples, renames, sweeps and heals": { work: (world) => world.pass() },
  "a pass removes what is beyond retention": {
    config: { retention: { maxFiles: 2 } },
    removes: true,
    prepare: (world) => announce(world, "extra.csv"),
    work: (world) => world.pass(),
  },
  "a pass restores a lost cache": {
    prepare(world) {
      world.close();
      rmSync(world.state, { recursive: true });
      world.db();
    },
    work: (world) => world.pass(),
  },
  "samples are checked after a power loss": {
    prepare: (world) => truncateSync(world.path("samples/a_sample.csv"), 1),
    work: (world) =>
      checkAfterPowerLoss({
        store: world.store(),
        settings: world.settings(),
        bootId: `boot ${Math.random()}`,
        isStopping: () => false,
      }),
  },
  "prune is run": {
    config: { retention: { maxFiles: 1 } },
    removes: true,
    work: (world) => {
      world.close();
      return prune({ config: world.config }, silent());
    },
  },
  "audit repairs": {
    prepare: (world) => rmSync(world.path("samples/a_sample.csv"), { force: true }),
    work: (world) => {
      world.close();
      return audit({ config: world.config, repair: true }, silent());
    },
  },
};

const cases = Object.entries(swaps).flatMap(([what, swap]) =>
  Object.entries(stories).map(([when, story]) => ({ what, when, swap, story })),
);

let swapped = 0;
afterAll(() => {
  process.stdout.write(`${swapped} directories were exchanged in the middle of work\n`);
});

test.each(cases)(
  "while $when, $what are exchanged at any step: production keeps every byte, and what was due is done later",
  async ({ swap, story }) => {
    await using world = await fill(story.config);
    const undisturbed = await playRound(world, story, swap, 0);
    expect(undisturbed).toBeGreaterThan(5);
    for (let step = 0, round = 1; step < undisturbed; step += STRIDE, round += 1) {
      await playRound(world, story, swap, round, step);
    }
  },
  300_000,
);

test("a running daemon waits with a reason while samples are a link to bronze, and goes on when they are back", async () => {
  await using world = await createWorld();
  await world.put("a.csv", "v\n1\n");
  await world.write("bronze/a_sample.csv", "production's");
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  linked(at("samples"), at("bronze")).swap(world);
  const before = production(world);
  await world.announce("a.csv", { mtime: MTIME + 1 });
  const { reason } = await daemon.logged("dataset waits", { code: "OUTPUT_UNWRITABLE" });
  expect(reason).toContain("where others write");
  before.set("lake/acme/orders/v1/manifests/processed.jsonl", expect.any(String));
  expect(production(world)).toEqual(before);
  linked(at("samples"), at("bronze")).undo(world);
  await world.announce("b.csv", { bronze: "bronze/a.csv" });
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  await daemon.logged("sampled", { raw: "raw/b.csv" });
});

test("samples that are bronze as well, by a bind mount, are not written", async (context) => {
  await using world = await createWorld();
  await world.put("a.csv", "v\n1\n");
  await world.write("bronze/a_sample.csv", "production's");
  mkdirSync(world.path("samples"));
  const bind = `mount --bind ${world.path("bronze")} ${world.path("samples")}`;
  if (spawnSync("unshare", ["-m", "bash", "-c", bind]).status !== 0) {
    return context.skip("nothing can be mounted here");
  }
  const before = production(world);
  const script = `${bind} && exec ${process.execPath} ${program} run --once`;
  const ran = await run(["unshare", "-m", "bash", "-c", script], world.config);
  expect(ran).toMatchObject({ code: 3, stderr: expect.stringContaining("is bronze as well") });
  expect(production(world)).toEqual(before);
});

/** One round, with a swap at a step where one is given. Returns how many steps it had. */
async function playRound(
  world: World,
  story: Story,
  { swap, undo, isDoneElsewhere }: Swap,
  round: number,
  step?: number,
): Promise<number> {
  await world.configure(story.config ?? {});
  change(world, round);
  await world.pass();
  change(world, round + 0.5);
  story.prepare?.(world);
  const before = production(world);
  let isSwapped = false;
  const steps = await atEachStep(
    async () => {
      try {
        await story.work(world);
      } catch (error) {
        // Work that meets a swap may fail, with a code.
        expect(errorCode(error) ?? (error as Failure).code).toMatch(/^[A-Z_]+$/);
      }
    },
    (at) => {
      if (at !== step) return;
      swap(world);
      isSwapped = true;
    },
  );
  if (isSwapped) undo(world);
  if (isSwapped) swapped += 1;
  expect(production(world), `step ${step}`).toEqual(before);
  expectNothingOfOutside(world);
  const isRenewed = isDoneElsewhere === true || story.removes === true;
  if (isRenewed) announce(world, "a.csv", round + 0.7);
  await expectDone(world, round + 0.5);
  return steps;
}

async function fill(config: object = {}): Promise<World> {
  const world = await createWorld(config);
  for (const dataset of [DATASET, OTHER]) {
    await world.put("a.csv", "v\n0\n", { dataset });
    await world.put("b.csv", "v\n0\n", { dataset });
    for (const name of bait) await world.write(`bronze/${name}`, `production's ${name}`, dataset);
  }
  await world.pass();
  cpSync(world.path("", OTHER), join(outside(world), "orders/v1"), { recursive: true });
  appendFileSync(join(outside(world), "orders/v1/manifests/processed.jsonl"), `${SECRET}\n`);
  for (const name of bait) writeFileSync(join(outside(world), name), `outside's ${name}`);
  return world;
}

/** A new version of one file, another one that gets another name, a bad line, and what a crash leaves. */
function change(world: World, round: number): void {
  world.close();
  writeFileSync(world.path("bronze/a.csv"), `v\n${round}\n`);
  writeFileSync(world.path("bronze/b.csv"), round % 1 === 0 ? "v\n1\n" : Buffer.alloc(3000, 1));
  for (const name of ["a.csv", "b.csv"]) announce(world, name, round);
  appendFileSync(world.path("manifests/processed.jsonl"), "no entry\n");
  writeFileSync(world.path("samples/.ss-0123456789abcdef.tmp"), "left");
  appendFileSync(world.path("samples/_receipts.jsonl"), '{"raw":"torn');
}

function announce(world: World, name: string, round = 0): void {
  const bronze = name === "extra.csv" ? "bronze/a.csv" : `bronze/${name}`;
  const line = { raw: `raw/${name}`, bronze, mtime: MTIME + 10 * round + 1 };
  appendFileSync(world.path("manifests/processed.jsonl"), `${JSON.stringify(line)}\n`);
}

/** Every file of production and beside the lake: path → bytes, time of its last change and content. */
function production(world: World): Map<string, string> {
  const folders = [DATASET, OTHER].flatMap((dataset) =>
    ["bronze", "manifests"].map((folder) => world.path(folder, dataset)),
  );
  const seen = new Map<string, string>();
  for (const folder of [...folders, outside(world)].filter(existsSync)) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      // A link that was there at first sight makes it a dataset, which has samples.
      if (relative(outside(world), path).startsWith("orders/v1/samples")) continue;
      const { mtimeNs } = statSync(path, { bigint: true });
      const content = entry.isFile() ? `${mtimeNs} ${readFileSync(path, "latin1")}` : "";
      seen.set(relative(world.root, path), content);
    }
  }
  return seen;
}

function expectNothingOfOutside(world: World): void {
  for (const dataset of [DATASET, OTHER]) {
    const receipts = readFileSync(world.path("samples/_receipts.jsonl", dataset), "utf8");
    expect(receipts).not.toContain(SECRET);
  }
}

async function expectDone(world: World, round: number): Promise<void> {
  world.close();
  mkdirSync(world.state, { recursive: true });
  await world.configure({});
  await world.pass();
  await world.pass();
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: "sampled", waiting: false });
  expect((await world.sample("a_sample.csv")).toString()).toBe(`v\n${round}\n`);
}

function silent(): Context {
  const nobody = { write: () => true, isTTY: false } as unknown as NodeJS.WriteStream;
  return { out: nobody, err: nobody, env: {}, exitNow: () => undefined } as unknown as Context;
}
