import { extname } from "node:path";
import { ACTIVE, type Disk, type Imagined, isPacked } from "./disk.ts";
import { entryText } from "./lines.ts";
import type { Naming, Step } from "./steps.ts";

/** Those who write, rotate and damage a manifest. */
export interface Producer {
  /**
   * Does a step that happens to the manifest; other steps are none of its business. `pass` is a
   * look at the manifest that falls into the middle of the step.
   */
  produce(step: Step, pass: () => Promise<void>): Promise<void>;
  /** The number of the line with an mtime: they go up in the order of writing. */
  arrivalOf(mtime: number): number;
}

/** Options of `createProducer`. */
export interface ProducerOptions {
  readonly disk: Disk;
  /** The content of that disk. */
  readonly imagined: Imagined;
  readonly naming: Naming;
  /** Inode of the active manifest. */
  readonly inode: () => number;
  /** Told whether a new manifest got the inode of the one deleted before it. */
  readonly onReuse: (isReused: boolean) => void;
}

const SHARED = ["raw/a.csv", "raw/größe.csv", "raw/deep/c.csv"];
const names: Readonly<Record<Naming, (n: number) => string>> = {
  numbered: (n) => `processed.jsonl.${n}`,
  counted: (n) => `processed-${n}.jsonl`,
  suffixed: (n) => `processed.jsonl-${n}`,
};

/** Begins with nothing written. */
export function createProducer(options: ProducerOptions): Producer {
  const { imagined, naming } = options;
  const nameOf = names[naming];
  const arrivals = new Map<number, number>();
  /** The missing rest of half a line at the end of a file. */
  const halves = new Map<string, string>();
  const disk = withHalves(options.disk, halves);
  let serial = 0;
  let generations = 0;

  return { produce, arrivalOf: (mtime) => arrivals.get(mtime) ?? Number.NaN };

  async function produce(step: Step, pass: () => Promise<void>): Promise<void> {
    if (step.do === "append") append(ACTIVE, step.raws.map(entry).join(""));
    else if (step.do === "appendBad") append(ACTIVE, `this is no entry ${next()}\n`);
    else if (step.do === "appendBlank") append(ACTIVE, `${blanks(next())}\n`);
    else if (step.do === "endLine") append(ACTIVE, `#${next()}\n`);
    else if (step.do === "nulTail") append(ACTIVE, "\0".repeat(step.bytes));
    else if (step.do === "appendPartial") appendHalf(step.bytes);
    else if (step.do === "finish") finish();
    else if (step.do === "appendLate") appendLate(step.which);
    else if (step.do === "healNuls") healNuls();
    else if (step.do === "rewriteEnd") rewriteEnd(step.bytes);
    else if (step.do === "rotate") rotate(step.creates ? [] : undefined);
    else if (step.do === "rotateAgain") rotateTwice(step.raws);
    else if (step.do === "copyTruncate") await copyTruncate(step.between, pass);
    else if (step.do === "truncateAndRegrow") truncateAndRegrow(step.raws, step.hole);
    else if (step.do === "deleteAndRecreate") recreate(step.raws);
    else if (step.do === "reuseInode") reuseInode(step.raws);
    else if (step.do === "delete") remove(ACTIVE);
    else if (step.do === "dropOldest") remove(rotated()[0]);
    else if (step.do === "compress") await compress(step, pass);
    else if (step.do === "staleSize") await staleSize(step.bytes, pass);
  }

  function next(): number {
    serial += 1;
    return serial;
  }

  /** mtimes go up and down: the order of lines decides, not the order of mtimes. */
  function nextMtime(): number {
    const mtime = (next() * 7919) % 100_003;
    arrivals.set(mtime, serial);
    return mtime;
  }

  function entry(raw: number): string {
    const mtime = nextMtime();
    return `${entryText(SHARED[raw] ?? `raw/${mtime}.csv`, mtime)}\n`;
  }

  function append(name: string, text: string): void {
    disk.append(name, Buffer.from(text));
  }

  /** Its raw is its own: a line that is finished later than it was begun has no clear place. */
  function appendHalf(bytes: number): void {
    const mtime = nextMtime();
    const whole = `${entryText(`raw/half-ü-${mtime}.csv`, mtime)}\n`;
    const half = Buffer.from(whole).subarray(0, bytes);
    const rest = Buffer.from(whole).subarray(half.length);
    disk.append(ACTIVE, half);
    if (rest.length > 0) halves.set(ACTIVE, rest.toString("latin1"));
  }

  /** Also in a file that was renamed meanwhile: the producer holds it open. */
  function finish(): void {
    const name = [ACTIVE, ...plain().toReversed()].find((name) => halves.has(name));
    if (name !== undefined) disk.append(name, Buffer.from(halves.get(name) as string, "latin1"));
  }

  /** Its raw is its own: between files nothing says which line came first. */
  function appendLate(which: number): void {
    const name = plain().at(-1 - which);
    if (name !== undefined) append(name, entry(SHARED.length));
  }

  /**
   * Puts in place the bytes that were not yet on the disk, or in the cache of a network's file
   * system.
   */
  function healNuls(): void {
    const bytes = imagined.read(ACTIVE);
    let size = bytes.length;
    while (bytes[size - 1] === 0) size -= 1;
    if (size === bytes.length) return;
    disk.cut(ACTIVE, size);
    append(ACTIVE, entry(0));
  }

  function rewriteEnd(bytes: number): void {
    if (!imagined.files.has(ACTIVE)) return;
    disk.cut(ACTIVE, Math.max(0, imagined.read(ACTIVE).length - bytes));
    append(ACTIVE, entry(1));
  }

  function rotate(lines: readonly number[] | undefined): void {
    if (!imagined.files.has(ACTIVE)) return;
    disk.rename(ACTIVE, freeName());
    if (lines !== undefined) append(ACTIVE, lines.map(entry).join(""));
  }

  /** A generation that comes and goes while nobody looks. */
  function rotateTwice(lines: readonly number[]): void {
    rotate(lines);
    rotate([]);
  }

  async function copyTruncate(
    between: "nothing" | "pass" | "append",
    pass: () => Promise<void>,
  ): Promise<void> {
    if (!imagined.files.has(ACTIVE)) return;
    disk.copy(ACTIVE, freeName());
    if (between === "pass") await pass();
    if (between === "append") append(ACTIVE, entry(0));
    disk.cut(ACTIVE, 0);
  }

  /** A producer that does not append goes on at its old place: NULs are before it then. */
  function truncateAndRegrow(lines: readonly number[], hole: boolean): void {
    if (!imagined.files.has(ACTIVE)) return;
    const { length } = imagined.read(ACTIVE);
    disk.cut(ACTIVE, 0);
    append(ACTIVE, `${hole ? "\0".repeat(length) : ""}${lines.map(entry).join("")}`);
  }

  function recreate(lines: readonly number[]): void {
    remove(ACTIVE);
    append(ACTIVE, lines.map(entry).join(""));
  }

  function reuseInode(lines: readonly number[]): void {
    if (!imagined.files.has(ACTIVE)) return;
    const before = options.inode();
    recreate(lines);
    options.onReuse(options.inode() === before);
  }

  function remove(name: string | undefined): void {
    if (name !== undefined && imagined.files.has(name)) disk.remove(name);
  }

  /** While it goes on, a file that is cut off stands beside the plain one. */
  async function compress(
    { which, packing, between }: Step & { readonly do: "compress" },
    pass: () => Promise<void>,
  ): Promise<void> {
    const name = plain().at(-1 - which);
    if (name === undefined) return;
    disk.beginCompression(name, packing);
    if (between === "pass") await pass();
    disk.compress(name, packing);
  }

  /** For one look the file seems to be shorter than it is. */
  async function staleSize(bytes: number, pass: () => Promise<void>): Promise<void> {
    const whole = imagined.read(ACTIVE);
    if (whole.length === 0) return;
    const size = Math.max(0, whole.length - bytes);
    const rest = halves.get(ACTIVE);
    disk.cut(ACTIVE, size);
    await pass();
    disk.append(ACTIVE, whole.subarray(size));
    if (rest !== undefined) halves.set(ACTIVE, rest);
  }

  /** The name for a generation that is new now; numbered ones make room for it. */
  function freeName(): string {
    generations += 1;
    if (naming !== "numbered") return nameOf(generations);
    for (const name of rotated()) disk.rename(name, shifted(name));
    return nameOf(1);
  }

  function shifted(name: string): string {
    return `${nameOf(numberIn(name) + 1)}${isPacked(name) ? extname(name) : ""}`;
  }

  /** Oldest first. */
  function rotated(): string[] {
    const found = [...imagined.files.keys()].filter((name) => name !== ACTIVE);
    const upwards = found.toSorted((a, b) => numberIn(a) - numberIn(b));
    return naming === "numbered" ? upwards.toReversed() : upwards;
  }

  function plain(): string[] {
    return rotated().filter((name) => !isPacked(name));
  }
}

/** No two alike: what begins with the same bytes cannot be told apart by anyone. */
function blanks(serial: number): string {
  return serial.toString(2).replaceAll("0", " ").replaceAll("1", "\t");
}

function numberIn(name: string): number {
  return Number(/\d+/.exec(name)?.[0]);
}

/** The same disk; what is known of half a line goes with its file, and ends with any change. */
function withHalves(disk: Disk, halves: Map<string, string>): Disk {
  return {
    append(name, bytes) {
      disk.append(name, bytes);
      if (bytes.length > 0) halves.delete(name);
    },
    cut(name, size) {
      disk.cut(name, size);
      halves.delete(name);
    },
    rename(from, to) {
      disk.rename(from, to);
      const half = halves.get(from);
      halves.delete(from);
      if (half !== undefined) halves.set(to, half);
    },
    copy: (from, to) => disk.copy(from, to),
    remove(name) {
      disk.remove(name);
      halves.delete(name);
    },
    beginCompression: (name, packing) => disk.beginCompression(name, packing),
    compress(name, packing) {
      disk.compress(name, packing);
      halves.delete(name);
    },
  };
}
