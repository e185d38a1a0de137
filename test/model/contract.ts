import type { RejectedLine } from "../../src/manifest/types.ts";
import { type Content, type Imagined, isPacked } from "./disk.ts";
import { type Line, linesOf } from "./lines.ts";

/** The cache's row of one raw. */
export interface Row {
  readonly mtime: number;
  /** True when nothing is to be done for it: this very version was sampled. */
  readonly isDone: boolean;
}

/** The results of one look at the manifest, as far as they can be seen from outside. */
export interface Looked {
  /** ms since epoch. */
  readonly now: number;
  /** True when it came to its end and nothing was left for later. */
  readonly isSettled: boolean;
  /** True when it is half done; the next look goes on with it, and with the files as it found them. */
  readonly isLeft: boolean;
  /**
   * `yes` where it read everything again; `unread` where it read from 0 because nothing had been
   * read, for which no doubt is needed; `unknown` where it was left before it could say so.
   */
  readonly reread: "yes" | "no" | "unread" | "unknown";
  /** True when it was stopped in the middle. */
  readonly isKilled: boolean;
  readonly rejected: readonly RejectedLine[];
  /** Jobs that were handed out to be sampled. */
  readonly jobs: readonly { readonly raw: string; readonly mtime: number }[];
  /** By raw. */
  readonly rows: ReadonlyMap<string, Row>;
}

/** Compares each look with what the contract promises. */
export interface Contract {
  /** @throws Error saying what was lost, invented, repeated, undone or rejected too early. */
  check(looked: Looked): void;
}

/** Time for which a renamed file is watched, ms. */
const WATCHED_MS = 3_600_000;

/**
 * The contract, for one manifests directory. `arrivalOf` gives the number of the line with an
 * mtime: they go up with the order in which lines were written.
 *
 * A look that settles has taken in all that is there; so nothing is owed but what the disk holds
 * then. That is where losses are tolerated, and no others:
 * - a line that was cut off, overwritten or deleted before a look settled: nobody could read it;
 * - a line that came to a renamed file later than an hour after, or that was compressed together
 *   with it: such a file is watched for an hour, and has to stay uncompressed for that time;
 * - the version of a raw of which the newest line is gone from the disk: when all is read again,
 *   the newest line that is left counts.
 * Lines may be read twice, but nothing is sampled again for it, and a bad line is reported again
 * only where all is read again or a look was stopped, until the next one that settles.
 */
export function createContract(
  disk: Imagined,
  settleMs: number,
  arrivalOf: (mtime: number) => number,
): Contract {
  let before: ReadonlyMap<string, Row> = new Map();
  const reported = new Set<string>();
  const lastSince = new Map<number, number>();
  /** Bad lines that may be reported again: until a look settles that finds them there. */
  const repeatable = new Set<string>();
  /** Reading again can take more than one look. */
  let isRereading = false;
  /** A doubt has to be seen twice; where there was no file at all, that was the first time. */
  let wasFree = false;
  /** Contents of files that a look which is half done may have found. */
  let found: Content[] = [];

  return {
    check(looked) {
      const lines = [...disk.files.values()].flatMap(linesOf);
      const readable = [...found, ...disk.files.values()];
      const there = mtimesIn(readable);
      noteLastLines(looked.now);
      if (looked.reread === "yes" && wasFree) fail("read again at the first doubt", looked);
      isRereading ||= looked.reread !== "no";
      if (isRereading) for (const text of reported) repeatable.add(text);
      checkRejected(looked);
      checkJobs(looked, there);
      checkRows(looked, there);
      if (looked.isKilled) for (const text of reported) repeatable.add(text);
      before = looked.rows;
      found = looked.isLeft ? readable : [];
      wasFree = looked.isSettled && disk.files.size > 0;
      if (!looked.isSettled) return;
      isRereading = false;
      checkNothingOwed(looked);
      for (const { text } of lines) repeatable.delete(text);
    },
  };

  /**
   * Since when there is a bad last line at each offset. Which one, and in which file, is left open:
   * one that is rejected too early and mended after that is found by the hash, so nothing is lost.
   */
  function noteLastLines(now: number): void {
    const last = new Set<number>();
    for (const content of disk.files.values()) {
      const line = linesOf(content).at(-1);
      if (line?.isBad === true && line.end === content.bytes.length) last.add(line.offset);
    }
    for (const offset of lastSince.keys()) if (!last.has(offset)) lastSince.delete(offset);
    for (const offset of last) if (!lastSince.has(offset)) lastSince.set(offset, now);
  }

  function checkRejected({ rejected, now, reread }: Looked): void {
    for (const told of rejected) {
      const name = `${told.path}:${told.line}`;
      const contents = [{ bytes: disk.read(told.path) }, ...found].map(linesOf);
      const isTold = ({ offset, isBad }: Line) => offset === told.offset && isBad;
      const lines = contents.find((each) => each.some(isTold)) ?? [];
      const line = lines.find(isTold);
      if (line === undefined) fail(`${name} was rejected, and is no bad line`, told);
      if (lines.indexOf(line) + 1 !== told.line) fail(`${name} is not that line`, told);
      const since = lastSince.get(line.offset);
      const isLast = line.end === disk.read(told.path).length && !isPacked(told.path);
      if (isLast && since !== undefined && now - since < settleMs) {
        fail(`${name} is the last line, and was rejected after ${now - since} ms`, told);
      }
      const isAgain = reported.has(line.text) && !repeatable.has(line.text);
      if (isAgain && !isCopied(line.text)) fail(`${name} was rejected twice`, told);
      reported.add(line.text);
      // A process may look more than once, and read all again each time.
      if (reread === "unknown") repeatable.add(line.text);
    }
  }

  /** Before the original is truncated, what was copied stands in two places. */
  function isCopied(text: string): boolean {
    const files = [...disk.files.values()];
    return files.filter((file) => linesOf(file).some((line) => line.text === text)).length > 1;
  }

  function checkJobs({ jobs }: Looked, there: ReadonlySet<number>): void {
    const seen = new Set<string>();
    for (const job of jobs) {
      const row = before.get(job.raw);
      if (seen.has(job.raw)) fail("sampled twice in one pass", job);
      seen.add(job.raw);
      if (row?.isDone === true && row.mtime === job.mtime) fail("sampled again", job);
      if (row?.mtime !== job.mtime && !there.has(job.mtime)) fail("sampled, but no line", job);
    }
  }

  function checkRows({ rows }: Looked, there: ReadonlySet<number>): void {
    const onDisk = mtimesIn([...disk.files.values()]);
    for (const raw of before.keys()) if (!rows.has(raw)) fail("forgotten", { raw });
    for (const [raw, { mtime }] of rows) {
      const known = before.get(raw)?.mtime;
      if (mtime === known) continue;
      if (!there.has(mtime)) fail("invented", { raw, mtime });
      const isOlder = known !== undefined && arrivalOf(mtime) < arrivalOf(known);
      // What a look that was left had found may be gone before it was taken in.
      if (isOlder && (onDisk.has(known) || !isRereading)) {
        fail("an older line undid a newer one", { raw, mtime, known });
      }
    }
  }

  function checkNothingOwed({ rows, now }: Looked): void {
    for (const [name, content] of disk.files) {
      for (const line of linesOf(content)) {
        if (isExcused(name, content, line, now)) continue;
        const { entry, text, isBad } = line;
        if (isBad && !reported.has(text)) fail("a bad line was passed over", { name, text });
        if (entry === undefined) continue;
        const row = rows.get(entry.raw);
        if (row === undefined || arrivalOf(row.mtime) < arrivalOf(entry.mtime)) {
          fail("lost", { name, ...entry, row });
        }
      }
    }
  }
}

function mtimesIn(contents: readonly Content[]): ReadonlySet<number> {
  return new Set(contents.flatMap(linesOf).flatMap(({ entry }) => entry?.mtime ?? []));
}

function isExcused(name: string, content: Content, { end }: Line, now: number): boolean {
  if (end <= content.lateFrom) return false;
  return isPacked(name) || now - content.rotatedAt > WATCHED_MS;
}

function fail(what: string, about: object): never {
  throw new Error(`${what}: ${JSON.stringify(about)}`);
}
