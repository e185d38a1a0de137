import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { failureCodes } from "../../src/errors.ts";
import { download, type Downloaded } from "../../src/transfer/download.ts";
import { headOf, sendRaw, type Served, startServer } from "../helpers/faulty-server.ts";
import { body, options, other, place, sha256Of } from "./fetching.ts";

/** A few dozen by default; `TRANSFER_FAULTS=2000` for all that can be had. */
const RUNS = Number(process.env["TRANSFER_FAULTS"] ?? 60);
const SEED = Number(process.env["TRANSFER_SEED"] ?? 17);
/** Time after which a transfer counts as hanging. */
const HANGS_MS = 60_000;
const STALL_MS = 150;
const PART_BYTES = 64 * 1024;

const sizes = [0, 1, 1000, PART_BYTES, 300_000, 1_000_000] as const;
/** Read past Node's parser; of these fewer are tried. */
const LARGE_BYTES = 34 * 1024 * 1024;
const LARGE_RUNS = Math.ceil(RUNS / 20);
const large = [randomBytes(LARGE_BYTES), randomBytes(LARGE_BYTES)] as const;
const tags = ["strong", "weak", "none"] as const;

/** One thing that goes wrong with an answer, `at` so far into it. */
type Fault = (typeof faults)[number];
const faults = [
  "none",
  "cut",
  "ended",
  "stalled",
  "slow",
  "busy",
  "broken",
  "refused",
  "whole",
  "other version",
  "other part",
  "other size",
  "changed",
  "changed back",
  "encoded",
  "redirected",
  "looped",
  "garbage",
  "no length",
  "no length, ended",
  "short length",
  "long length",
  "more behind",
] as const;
/** Those after which only a hash or a size tells. */
const silent: ReadonlySet<Fault> = new Set([
  "encoded",
  "no length, ended",
  "short length",
  "more behind",
]);

interface Mixture {
  readonly size: number;
  readonly tag: (typeof tags)[number];
  readonly known: "nothing" | "size" | "hash";
  readonly parts: number;
  /** The part of the object after which the first process is stopped; 1: it is not. */
  readonly stopAt: number;
  /** Of the first answers; those that follow are good. */
  readonly steps: readonly { readonly fault: Fault; readonly at: number }[];
}

const mixturesOf = (...known: readonly number[]): fc.Arbitrary<Mixture> =>
  fc.record({
    size: fc.constantFrom(...known),
    tag: fc.constantFrom(...tags),
    known: fc.constantFrom("nothing", "size", "hash"),
    parts: fc.constantFrom(1, 4),
    stopAt: fc.constantFrom(1, 1, 0.3, 0.8),
    steps: fc.array(
      fc.record({
        fault: fc.constantFrom(...faults),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { maxLength: 12 },
    ),
  });

/** Both versions of an object of some size. */
function versionsOf(size: number): readonly [Buffer, Buffer] {
  const [first, second] = size === LARGE_BYTES ? large : [body, other];
  return [first.subarray(0, size), second.subarray(0, size)];
}

/** Serves as the mixture says. */
function served({ size, tag, steps }: Mixture): Served {
  const versions = versionsOf(size);
  let version = 0;
  const now = (): Served => {
    const name = tag === "none" ? {} : { etag: `${tag === "weak" ? "W/" : ""}"v${version}"` };
    return { body: versions[version] as Buffer, ...name };
  };
  return {
    ...now(),
    answer(n, request, response) {
      const { fault, at } = steps[n] ?? { fault: "none", at: 0 };
      if (fault === "changed") version = 1;
      if (fault === "changed back") version = 0;
      const another = { ...now(), body: versions[1 - version] as Buffer };
      misbehave({ fault, at, request, response, now: now(), another });
      return true;
    },
  };
}

interface Step {
  readonly fault: Fault;
  readonly at: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly now: Served;
  readonly another: Served;
}

function misbehave({ fault, at, request, response, now, another }: Step): void {
  const { socket } = response;
  const head = headOf(now, request);
  if (head === undefined) {
    response.writeHead(416, { "Content-Range": `bytes */${now.body.length}` }).end();
    return;
  }
  const { status, headers, bytes } = head;
  const some = bytes.subarray(0, Math.floor(at * bytes.length));
  const { "Content-Length": length, ...open } = headers;
  const begin = (): ServerResponse => response.writeHead(status, headers);
  const lines = Object.entries(open).map(([name, value]) => `${name}: ${value}\r\n`);
  const raw = (said: string) => `HTTP/1.1 ${status} OK\r\n${lines.join("")}${said}\r\n`;
  const acts: Readonly<Record<Fault, () => unknown>> = {
    none: () => begin().end(bytes),
    cut: () => begin().write(some, () => socket?.resetAndDestroy()),
    ended: () => begin().write(some, () => socket?.end()),
    stalled: () => begin().write(some),
    slow() {
      begin().write(some);
      setTimeout(() => response.end(bytes.subarray(some.length)), STALL_MS / 2);
    },
    busy: () => response.writeHead(at < 0.5 ? 503 : 429, { "Retry-After": "0" }).end("busy"),
    broken: () => response.writeHead(500).end(),
    refused: () => response.writeHead(403).end(),
    whole: () => response.writeHead(200, { ...open, "Content-Range": "" }).end(now.body),
    "other version"() {
      const end = headOf(another, request);
      response.writeHead(status, { ...headers, ETag: '"another"' }).end(end?.bytes);
    },
    "other part": () =>
      response
        .writeHead(206, { ...headers, "Content-Range": `bytes 7-${length + 6}/${length + 7}` })
        .end(bytes),
    "other size": () =>
      response
        .writeHead(206, { ...headers, "Content-Range": `bytes 0-${length - 1}/${length + 7}` })
        .end(bytes),
    changed: () => begin().end(bytes),
    "changed back": () => begin().end(bytes),
    encoded: () =>
      response.writeHead(status, { ...open, "Content-Encoding": "gzip" }).end(gzipSync(bytes)),
    redirected: () => response.writeHead(302, { Location: "/there" }).end(),
    looped: () => response.writeHead(302, { Location: request.url ?? "" }).end(),
    garbage: () => sendRaw(response, ["\0\x01\x02 no HTTP"]),
    "no length": () => sendRaw(response, [raw("Connection: close\r\n"), bytes]),
    "no length, ended": () => sendRaw(response, [raw("Connection: close\r\n"), some]),
    "short length": () => sendRaw(response, [raw(`Content-Length: ${some.length}\r\n`), some]),
    "long length": () => sendRaw(response, [raw(`Content-Length: ${length + 5}\r\n`), bytes]),
    "more behind": () =>
      sendRaw(response, [raw(`Content-Length: ${some.length}\r\n`), bytes, "more"]),
  };
  acts[fault]();
}

/** Fetches once or, where the first process is stopped, twice. */
async function outcomeOf(mixture: Mixture, target: string, url: URL): Promise<Downloaded> {
  const { size, known, parts, stopAt } = mixture;
  const bytes = known === "size" ? size : undefined;
  const sha256 = known === "hash" ? sha256Of(versionsOf(size)[0]) : undefined;
  const more = {
    bytes,
    sha256,
    parts,
    partBytes: Math.max(PART_BYTES, size / 8),
    stallMs: STALL_MS,
  };
  if (stopAt < 1) {
    const abort = new AbortController();
    const onProgress = (got: number) => got >= size * stopAt && abort.abort();
    const first = { ...more, signal: abort.signal, onProgress };
    const done = await download(url, options(target, first)).catch((error: unknown) => error);
    if (!(done instanceof Error)) await rm(target);
  }
  return download(url, options(target, more));
}

function within<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it hangs")), HANGS_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

test.each([
  ["small", RUNS, mixturesOf(...sizes)],
  ["large", LARGE_RUNS, mixturesOf(LARGE_BYTES)],
] as const)(
  "mixtures of faults, %s objects, %i of them: each ends with the right bytes or a reason",
  async (_, runs, mixtures) => {
    const codes = new Map<string, number>();
    const property = fc.asyncProperty(mixtures, async (mixture) => {
      await using server = await startServer(served(mixture));
      await using where = await place();
      const { size, known, steps } = mixture;
      const done = await within(
        outcomeOf(mixture, where.target, server.url).catch((error: unknown) => error as Error),
      );
      if (done instanceof Error) {
        const { code = "none" } = done as Error & { readonly code?: string };
        expect(failureCodes, done.stack).toContain(code);
        expect(done.message).not.toContain("secret");
        codes.set(code, (codes.get(code) ?? 0) + 1);
        await expect(readFile(where.target)).rejects.toMatchObject({ code: "ENOENT" });
        return;
      }
      const found = await readFile(where.target);
      expect(sha256Of(found)).toBe(done.sha256);
      const versions = versionsOf(size);
      const isRight = versions.some((version) => version.equals(found));
      codes.set(
        isRight ? "whole" : "unverified",
        (codes.get(isRight ? "whole" : "unverified") ?? 0) + 1,
      );
      if (known === "hash") expect(found.equals(versions[0])).toBe(true);
      if (known !== "nothing") expect(done.verified).toBe(true);
      const isTold = done.verified || !steps.some(({ fault }) => silent.has(fault));
      if (isTold) expect(isRight).toBe(true);
    });
    await fc.assert(property, { numRuns: runs, seed: SEED });
    process.stderr.write(
      `${runs} mixtures: ${[...codes].map((each) => each.join(" ")).join(", ")}\n`,
    );
    expect(codes.get("whole")).toBeGreaterThan(runs / 4);
  },
);
