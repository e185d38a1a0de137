import type { ChildProcess } from "node:child_process";
import { type FSWatcher, readFileSync, watch } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createWorld, DATASET, type World } from "../helpers/world.ts";
import { createContract, type Looked } from "./contract.ts";
import { ACTIVE, bothDisks, expectSame, imaginedDisk, inodeOf, realDisk } from "./disk.ts";
import { rowsOf } from "./lake.ts";
import { createProducer } from "./producer.ts";
import type { Story } from "./steps.ts";

/** Counts for the line that is printed. */
export interface ProcessTally {
  stories: number;
  started: number;
  killed: number;
}

type Told = Pick<Looked, "rejected" | "jobs">;

/**
 * Plays one story with real processes, which are killed somewhere; the last one comes to its end,
 * and by then nothing may be owed. @throws Error of the contract
 */
export async function playProcesses({ naming, chapters }: Story, tally: ProcessTally) {
  await using world = await createWorld({ drain: { threads: 1 } });
  const directory = world.path("manifests");
  await world.write("bronze/any.csv", "v\n1\n");
  for (const path of [directory, world.path("samples"), world.state]) {
    await mkdir(path, { recursive: true });
  }
  const imagined = imaginedDisk(Date.now);
  const producer = createProducer({
    disk: bothDisks(imagined, realDisk(directory)),
    imagined,
    naming,
    inode: () => inodeOf(directory, ACTIVE),
    onReuse: () => undefined,
  });
  // How long a bad last line was waited for cannot be seen from outside.
  const contract = createContract(imagined, 0, producer.arrivalOf);
  let receipts = 0;

  for (const { steps, killedAfter } of chapters) {
    for (const step of steps) await producer.produce(step, async () => undefined);
    await runOnce(killedAfter);
  }
  const { isSettled, rows } = await runOnce(Infinity);
  const waiting = [...rows].filter(([, { isDone }]) => !isDone);
  if (!isSettled || waiting.length > 0) throw new Error(`not done: ${JSON.stringify(waiting)}`);
  expectSame(imagined, directory);
  tally.stories += 1;

  async function runOnce(killedAfter: number): Promise<Looked> {
    tally.started += 1;
    const { code, stderr } = await world.run(["run", "--once", "--json"], {
      onStart: (child) => killAfter(world, child, killedAfter),
    });
    // 3: it is done, and has rejected lines.
    if (code !== null && code !== 0 && code !== 3) throw new Error(`exit code ${code}: ${stderr}`);
    const isKilled = code === null;
    tally.killed += isKilled ? 1 : 0;
    const looked: Looked = {
      now: Date.now(),
      isSettled: !isKilled,
      isLeft: false,
      reread: "unknown",
      isKilled,
      ...toldSince(receipts),
      rows: rowsOf(world.db(), DATASET),
    };
    receipts += looked.jobs.length + looked.rejected.length;
    world.close();
    contract.check(looked);
    return looked;
  }

  /** The content of the receipts after the first `count`; a torn last one does not count. */
  function toldSince(count: number): Told {
    const text = readReceipts(world.path("samples/_receipts.jsonl"));
    const all = text.split("\n").slice(0, -1);
    const fresh = all.slice(count).map((line) => JSON.parse(line) as Record<string, unknown>);
    return {
      rejected: fresh.filter(({ raw }) => raw === null).map(rejectedIn),
      jobs: fresh
        .filter(({ raw }) => raw !== null)
        .map(({ raw, mtime }) => ({ raw: String(raw), mtime: Number(mtime) })),
    };
  }
}

/** Kills a process after this many changes to its state and its samples. */
function killAfter(world: World, child: ChildProcess, changes: number): void {
  let left = changes;
  const change = () => {
    left -= 1;
    if (left < 0) child.kill("SIGKILL");
  };
  const watchers: FSWatcher[] = [world.state, world.path("samples")].map((path) =>
    watch(path, change),
  );
  child.on("close", () => {
    for (const watcher of watchers) watcher.close();
  });
}

function readReceipts(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function rejectedIn({ message }: Record<string, unknown>): Looked["rejected"][number] {
  const [, path = "", line, offset, reason = ""] =
    /^manifests\/(.*) line (\d+), byte (\d+): (.*)$/s.exec(String(message)) ?? [];
  return { path, line: Number(line), offset: Number(offset), reason };
}
