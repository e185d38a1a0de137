import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { openRemote, type RemoteSource } from "../../src/storage/source.ts";
import type { ReadRequest, Reply, Storage } from "../../src/storage/types.ts";

import { type LargeObject, largeObjects } from "../helpers/large-objects.ts";
import { defaultLimits, memorySource, sampleSource } from "../helpers/sample.ts";

/** A storage, and a way to put objects into it. */
export interface Subject {
  readonly storage: Storage;
  /** Puts an object there, or replaces it. */
  put(name: string, bytes: Buffer): Promise<URL>;
  /** A location that nothing lies at. */
  readonly nowhere: URL;
}

/** More than what lies in the buffers between, in no pattern. */
const body = bytesOf("body", 3_000_000);
const other = bytesOf("other", 2_000_000);
const FROM = 1_234_567;
const TO = 1_300_000;
const STALL_MS = 60_000;
const asSource = { readBytes: defaultLimits.readBytes, signal: new AbortController().signal };

/** Says what holds of every storage. */
export function storageLaws(name: string, subject: () => Subject, why: string | undefined): void {
  const law = test.skipIf(why !== undefined);
  const read = (url: URL, request: Partial<ReadRequest> = {}) => {
    const { signal } = new AbortController();
    const whole = { start: 0, version: undefined, stallMs: STALL_MS, signal };
    return subject().storage.read(url, { ...whole, ...request });
  };
  const versionOf = async (url: URL): Promise<string> => {
    const reply = await read(url);
    reply.close();
    return reply.version as string;
  };

  describe(name, () => {
    law("an object is read whole, with its size and version", async () => {
      const reply = await read(await subject().put("whole", body));
      expect(reply).toMatchObject({ start: 0, isUnchanged: false, size: body.length });
      expect(reply.version).toEqual(expect.any(String));
      expect(reply.encoding).toBeUndefined();
      await holds(reply, body);
    });

    law("an empty object is whole without a byte", async () => {
      const reply = await read(await subject().put("empty", Buffer.alloc(0)));
      expect(reply).toMatchObject({ start: 0, size: 0 });
      await holds(reply, Buffer.alloc(0));
    });

    law("of the version that was read before, the rest is sent and no more", async () => {
      const url = await subject().put("rest", body);
      const version = await versionOf(url);
      const reply = await read(url, { start: FROM, version });
      expect(reply).toMatchObject({ start: FROM, hasRanges: true, size: body.length, version });
      await holds(reply, body.subarray(FROM));
    });

    law.each([["known"], ["not known"]])(
      "a part ends where it was asked to, its version being %s",
      async (what) => {
        const url = await subject().put("part", body);
        const version = what === "known" ? await versionOf(url) : undefined;
        const reply = await read(url, { start: FROM, end: TO, version });
        expect(reply).toMatchObject({ start: FROM, hasRanges: true, size: body.length });
        expect(reply.version).toBe(await versionOf(url));
        await holds(reply, body.subarray(FROM, TO));
      },
    );

    law("a part that goes beyond the end has the bytes that there are", async () => {
      const url = await subject().put("beyond", body);
      const reply = await read(url, { start: FROM, end: body.length + 5 });
      expect(reply).toMatchObject({ start: FROM, size: body.length });
      await holds(reply, body.subarray(FROM));
    });

    law("of another version all is sent, from its start, whatever part was asked for", async () => {
      const url = await subject().put("changed", body);
      const version = await versionOf(url);
      await subject().put("changed", other);
      for (const end of [undefined, TO]) {
        const reply = await read(url, { start: FROM, end, version });
        expect(reply).toMatchObject({ start: 0, size: other.length });
        expect(reply.version).not.toBe(version);
        await holds(reply, other);
      }
    });

    law("nothing is sent where all of it was read before", async () => {
      const url = await subject().put("end", body);
      const version = await versionOf(url);
      const reply = await read(url, { start: body.length, version });
      expect(reply).toMatchObject({ start: body.length, size: body.length, version });
      await holds(reply, Buffer.alloc(0));
    });

    law(
      "an object that ends before the part that was asked for is sent from its start",
      async () => {
        const url = await subject().put("before", body);
        const version = await versionOf(url);
        const reply = await read(url, { start: body.length + 5, version });
        expect(reply).toMatchObject({ start: 0, size: body.length, version });
        await holds(reply, body);
      },
    );

    law("an object that has shrunk is sent from its start", async () => {
      const url = await subject().put("shrunk", body);
      const version = await versionOf(url);
      await subject().put("shrunk", other);
      const reply = await read(url, { start: body.length, version });
      expect(reply).toMatchObject({ start: 0, size: other.length });
      await holds(reply, other);
    });

    law("a version that is here already is not sent again; another one is", async () => {
      const url = await subject().put("here", body);
      const unless = await versionOf(url);
      const same = await read(url, { unless });
      expect(same).toMatchObject({ isUnchanged: true, version: unless });
      await holds(same, Buffer.alloc(0));
      await subject().put("here", other);
      const changed = await read(url, { unless });
      expect(changed).toMatchObject({ isUnchanged: false, start: 0 });
      await holds(changed, other);
    });

    law("what is not there is missing", async () => {
      await expect(read(subject().nowhere)).rejects.toMatchObject({ code: "FILE_MISSING" });
    });

    law("hashes that are offered are those of the bytes", async () => {
      const { offered, close } = await read(await subject().put("hashes", body));
      close();
      const digest = (hash: string) => createHash(hash).update(body).digest("hex");
      expect({ sha256: digest("sha256"), md5: digest("md5"), ...offered }).toEqual({
        sha256: digest("sha256"),
        md5: digest("md5"),
      });
    });

    law(
      "a read that is left, or whose bytes are not wanted, keeps nobody from the next",
      async () => {
        const url = await subject().put("left", body);
        for (let n = 0; n < 20; n += 1) {
          const reply = await read(url);
          if (n % 2 === 0) reply.close();
          else for await (const _ of reply.chunks) break;
        }
        await holds(await read(url), body);
      },
    );

    law.each(["a.csv", "a.parquet", "a.zip"])(
      "%s is sampled where it lies, by a few requests, and not in two versions",
      async (named) => {
        const objects = await largeObjects();
        const { bytes, requests } = objects.find(({ name: each }) => each === named) as LargeObject;
        const url = await subject().put(named, bytes);
        const open = () =>
          openRemote(url, { ...asSource, storage: subject().storage, name: named });
        const source = await open();
        const here = memorySource(named, bytes);
        expect(await sampleSource(source)).toEqual(await sampleSource(here));
        expect(source).toMatchObject({ size: bytes.length });
        expect(source.requests()).toBeLessThanOrEqual(requests);
        source.close();
        const changed = await open();
        await subject().put(named, Buffer.concat([bytes, Buffer.from("\n")]));
        const { slice } = changed as Required<RemoteSource>;
        await expect(slice(500_000, 500_010)).rejects.toMatchObject({ code: "FILE_CHANGED" });
        changed.close();
      },
    );

    law("a read ends with its signal's reason, before it begins and midway", async () => {
      const url = await subject().put("stopped", body);
      const reason = new Error("stopped");
      const abort = new AbortController();
      const reply = await read(url, { signal: abort.signal });
      const all = (async () => {
        for await (const _ of reply.chunks) abort.abort(reason);
      })();
      await expect(all).rejects.toBe(reason);
      await expect(read(url, { signal: abort.signal })).rejects.toBe(reason);
    });
  });
}

async function holds({ chunks }: Reply, bytes: Buffer): Promise<void> {
  // Compared as a whole: a difference of megabytes is not to be printed.
  expect((await buffer(chunks)).equals(bytes)).toBe(true);
}

function bytesOf(seed: string, length: number): Buffer {
  return createHash("shake256", { outputLength: length }).update(seed).digest();
}
