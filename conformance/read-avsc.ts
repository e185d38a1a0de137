import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import avro from "avsc";
import { uncompressSync } from "snappy";
import type { Rows } from "./rows.ts";
import { shorten, spell } from "./spell.ts";

const SYNC_BYTES = 16;
/** Behind a block of snappy. */
const CHECKSUM_BYTES = 4;

type Done = (error: Error | null, bytes?: Buffer) => void;

const codecs = {
  null: (block: Buffer, done: Done) => done(null, block),
  deflate: (block: Buffer, done: Done) => done(null, inflateRawSync(block)),
  snappy: (block: Buffer, done: Done) => {
    done(null, uncompressSync(block.subarray(0, -CHECKSUM_BYTES)) as Buffer);
  },
  zstandard: byTool(["zstd", "-dc", "-q"]),
  bzip2: byTool(["bzip2", "-dc"]),
  xz: byTool(["xz", "-dc"]),
};

/** Integers of 64 bits, which a number does not hold. */
// oxlint-disable-next-line no-underscore-dangle -- its name
const long = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

/** Reads Avro with avsc. Its only column is the header: schema, codec and sync marker. */
export async function readAvsc(path: string, limit: number): Promise<Rows> {
  const header = headerOf(readFileSync(path)).toString("latin1");
  const parseHook = (schema: avro.Schema) => avro.Type.forSchema(schema, { registry: { long } });
  const decoder = avro.createFileDecoder(path, { codecs, parseHook } as never);
  const rows: string[][] = [];
  await new Promise<void>((resolve, reject) => {
    decoder.on("error", reject).on("end", resolve);
    decoder.on("data", (record: unknown) => {
      if (rows.length < limit) rows.push([shorten(spell(record))]);
    });
  });
  return { columns: [header], rows };
}

function byTool([tool = "", ...args]: readonly string[]) {
  return (block: Buffer, done: Done) => {
    const { status, stdout, stderr } = spawnSync(tool, args, { input: block });
    done(status === 0 ? null : new Error(String(stderr)), stdout);
  };
}

/** Magic, a map of blocks that ends with a count of 0, and the sync marker. */
function headerOf(file: Buffer): Buffer {
  let at = 4;
  for (let count = nextLong(); count !== 0; count = nextLong()) {
    if (count < 0) nextLong();
    for (let i = 0; i < Math.abs(count) * 2; i += 1) {
      const length = nextLong();
      at += length;
    }
  }
  return file.subarray(0, at + SYNC_BYTES);

  function nextLong(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = file.readUInt8(at);
      at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }
}
