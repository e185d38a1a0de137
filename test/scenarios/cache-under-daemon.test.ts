import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { expect, test } from "vitest";
import { cachePath } from "../../src/store/sqlite/cache-files.ts";
import { expectCleanAudit, fillRichly, remember } from "../store/rich-lake.ts";
import { createWorld, rows } from "../helpers/world.ts";

const NOISE = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 2_654_435_761) >>> 9));

/** Writes noise over all that is there, in place. */
function overwrite(path: string): void {
  if (!existsSync(path)) return;
  const fd = openSync(path, "r+");
  const { size } = statSync(path);
  for (let at = 0; at < size; at += NOISE.length) writeSync(fd, NOISE, 0, NOISE.length, at);
  closeSync(fd);
}

/** Damages of the state directory of a running daemon. */
const damages: Readonly<Record<string, (cache: string, state: string) => void>> = {
  "is written over": (cache) => overwrite(cache),
  "and its log are written over": (cache) => {
    overwrite(cache);
    overwrite(`${cache}-wal`);
  },
  "is cut to nothing": (cache) => truncateSync(cache, 0),
  "is removed": (cache) => rmSync(cache),
  "and its log are removed": (cache) => {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(cache + suffix, { force: true });
  },
  "is replaced by something else": (cache) => {
    writeFileSync(`${cache}.other`, NOISE);
    renameSync(`${cache}.other`, cache);
  },
  "is cut in the middle of a page": (cache) => truncateSync(cache, 4096 * 3 + 1000),
  "is gone with the whole state directory": (_cache, state) => rmSync(state, { recursive: true }),
};

/** A few of them; all with CACHE_DAMAGES=8. */
const chosen = Object.entries(damages).slice(-Number(process.env["CACHE_DAMAGES"] ?? 2));

test.each(chosen)(
  "where the cache %s under a running daemon, that is said at the latest when it starts again, and nothing is lost or done twice",
  async (what, damage) => {
    await using world = await createWorld();
    await fillRichly(world, 3);
    const before = remember(world);
    const daemon = await world.daemon();
    await daemon.logged("pass");
    damage(cachePath(world.state), world.state);
    await world.put("new.csv", rows(4));
    // It ends with an error, or does the work: never is it silent and idle.
    const isSampled = daemon.logged("sampled", { raw: "raw/new.csv" }).catch(() => undefined);
    await Promise.race([daemon.exited(), isSampled]);
    daemon.kill("SIGTERM");
    const end = await daemon.exited();
    if (/removed|replaced|gone/.test(what)) expect(end).toBe(1);
    if (end !== 0) expect(daemon.stderr()).toMatch(/CACHE_UNUSABLE: /);
    const again = await world.run(["run", "--once", "--json"]);
    expect(again.code, again.stderr).toBe(3);
    const isAside = readdirSync(world.state).some((name) => name.includes("broken"));
    expect(/cache moved aside/.test(again.stderr)).toBe(isAside);
    if (end !== 0) expect(again.stderr).toMatch(/manifest read again .*receipts were taken over/);
    expect((await world.sample("new_sample.csv")).toString()).toBe(rows(4));
    const isOld = ({ raw }: { readonly raw?: unknown }) => raw !== "raw/new.csv";
    const after = remember(world);
    expect(after.facts.filter(isOld)).toEqual(before.facts);
    expect([...after.samples].filter(([name]) => !name.endsWith("/new_sample.csv"))).toEqual([
      ...before.samples,
    ]);
    await expectCleanAudit(world);
  },
);
