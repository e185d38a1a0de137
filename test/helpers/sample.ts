import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure, NoSample } from "../../src/errors.ts";
import { recognise } from "../../src/formats/index.ts";
import { sampleBy } from "../../src/formats/strategies/sample-by.ts";
import { HEAD_BYTES, type Source } from "../../src/lib/source.ts";
import type { Limits } from "../../src/lib/limits.ts";
import type { SampleRequest, SampleSummary, Strategy } from "../../src/formats/types.ts";

/** The limits that hold where nothing is configured. */
export const defaultLimits: Limits = {
  rows: 100,
  bytes: 1024 * 1024,
  members: 3,
  tarMembers: 0,
  readBytes: 64 * 1024 * 1024,
  recordBytes: 8 * 1024 * 1024,
  seconds: 30,
  depth: 3,
  ratio: 1000,
};

const neverAborted = new AbortController().signal;

/** A sampler's result for some bytes, comparable with `toEqual`. */
export type Result =
  | { readonly kind: "sample"; readonly bytes: Buffer; readonly summary: SampleSummary }
  | { readonly kind: "none"; readonly reason: string }
  | { readonly kind: "failed"; readonly code: string };

/** An expected result, as in `<case>.expected.json`. */
export interface Expected {
  readonly format?: string;
  readonly rows?: number;
  readonly complete?: boolean;
  readonly cut?: string;
  /** Number of warnings. */
  readonly warnings?: number;
  readonly code?: string;
  /** True where there is no sample in the file's own format. */
  readonly reason?: boolean;
}

/** A file below `fixtures/<format>/`. */
export interface Fixture {
  /** `csv/ordinary.csv` */
  readonly path: string;
  readonly format: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly expected: Expected | undefined;
}

/** Every fixture there is, with what is expected of it. */
export function allFixtures(): readonly Fixture[] {
  const root = join(import.meta.dirname, "../../fixtures");
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name: format }) => {
    const files = readdirSync(join(root, format)).toSorted();
    const cases = files.filter((file) => !file.endsWith(".expected.json"));
    return cases.map((name) => {
      const asked = `${name.replace(/\.[^.]+$/, "")}.expected.json`;
      const expected = files.includes(asked)
        ? (JSON.parse(readFileSync(join(root, format, asked), "utf8")) as Expected)
        : undefined;
      const bytes = readFileSync(join(root, format, name));
      return { path: `${format}/${name}`, format, name, bytes, expected };
    });
  });
}

/** Options of feeding bytes to a sampler. */
export interface Feeding {
  /** Bytes of a chunk; all at once where it is left out. */
  readonly chunk?: number;
  readonly limits?: Partial<Limits>;
  /** False for a source that can only be read from the start. */
  readonly seekable?: boolean;
  /** Called before each read, with its number from 0 on; may throw. */
  readonly onRead?: (read: number) => void;
  readonly signal?: AbortSignal;
  readonly extensions?: Readonly<Record<string, string>>;
  readonly strategy?: Strategy;
}

/** A source that counts what is done with it. */
export interface WatchedSource extends Source {
  /** Bytes handed out. */
  readBytes(): number;
  reads(): number;
  /** Streams that were begun and not closed. */
  open(): number;
}

/** A source of bytes in memory, handed out as `feeding` says. */
export function memorySource(
  name: string,
  bytes: Uint8Array,
  feeding: Feeding = {},
): WatchedSource {
  const step = feeding.chunk ?? Math.max(1, bytes.length);
  const counts = { reads: 0, bytes: 0, open: 0 };

  function read(start: number, end: number): Uint8Array {
    feeding.onRead?.(counts.reads);
    counts.reads += 1;
    const part = new Uint8Array(bytes.subarray(start, Math.max(start, end)));
    counts.bytes += part.length;
    return part;
  }

  async function* stream(): AsyncGenerator<Uint8Array, void, void> {
    counts.open += 1;
    try {
      for (let at = 0; at < bytes.length; at += step) yield read(at, at + step);
    } finally {
      counts.open -= 1;
    }
  }

  return {
    name,
    size: bytes.length,
    mtime: 1_700_000_000.5,
    head: async () => read(0, HEAD_BYTES),
    stream,
    ...(feeding.seekable === false ? {} : { slice: async (start, end) => read(start, end) }),
    readBytes: () => counts.bytes,
    reads: () => counts.reads,
    open: () => counts.open,
  };
}

/** The request for a source, as a job makes it. */
export function requestFor(source: Source, feeding: Feeding = {}): SampleRequest {
  return {
    source,
    limits: { ...defaultLimits, ...feeding.limits },
    signal: feeding.signal ?? neverAborted,
    depth: 0,
    extensions: feeding.extensions ?? {},
    strategy: feeding.strategy,
    recognise,
  };
}

/** Samples a source. Throws only what a sampler may not throw. */
export async function sampleSource(source: Source, feeding: Feeding = {}): Promise<Result> {
  const request = requestFor(source, feeding);
  try {
    const found = await recognise(request);
    const sample = sampleBy(found, request);
    const pieces: Uint8Array[] = [];
    for (;;) {
      const { value, done } = await sample.next();
      if (done !== true) pieces.push(value);
      else {
        const warnings = found.warning === undefined ? [] : [found.warning];
        const summary = { ...value, warnings: [...warnings, ...value.warnings] };
        return { kind: "sample", bytes: Buffer.concat(pieces), summary };
      }
    }
  } catch (error) {
    if (error instanceof NoSample) return { kind: "none", reason: error.reason };
    if (error instanceof Failure) return { kind: "failed", code: error.code };
    throw error;
  }
}

/** Samples bytes under a name. */
export function sampleBytes(
  name: string,
  bytes: Uint8Array,
  feeding: Feeding = {},
): Promise<Result> {
  return sampleSource(memorySource(basename(name), bytes, feeding), feeding);
}

/** Samples bytes that are known to have a sample. */
export async function sampleOf(
  name: string,
  bytes: Uint8Array | string,
  feeding: Feeding = {},
): Promise<Result & { readonly kind: "sample" }> {
  const result = await sampleBytes(name, Buffer.from(bytes as Uint8Array), feeding);
  if (result.kind === "sample") return result;
  throw new Error(`${name} has no sample: ${JSON.stringify(result)}`);
}
