import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import { ZipFile } from "yazl";

const fixtures = join(import.meta.dirname, "../../fixtures");

/** `count` rows of some 3 KB that do not compress well, so that a sample takes several reads. */
function wideRows(count: number): string {
  let state = 1;
  const word = () => ((state = (state * 48271) % 0x7fffffff) + 0x7fffffff).toString(36);
  const row = () => Array.from({ length: 430 }, word).join("");
  return `text\n${Array.from({ length: count }, () => `${row()}\n`).join("")}`;
}

async function zip(members: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const file = new ZipFile();
  for (const [name, content] of Object.entries(members)) {
    file.addBuffer(Buffer.from(content), name, { compress: false, mtime: new Date(0) });
  }
  file.end();
  return buffer(file.outputStream);
}

async function tar(members: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const file = pack();
  for (const [name, content] of Object.entries(members)) {
    file.entry({ name, mtime: new Date(0) }, content);
  }
  file.finalize();
  return buffer(file);
}

const rows = wideRows(100);
const members = { "a.csv": rows, "b.csv": "id\n1\n", "c.csv": rows };

/** A bronze file of each kind; those that can be are larger than one read. */
export const files: Readonly<Record<string, string | Uint8Array>> = {
  "a.csv": rows,
  "b.jsonl": rows.replaceAll(/^(.*)$/gm, '{"a":"$1"}'),
  "c.json": `[${JSON.stringify(rows)},1]`,
  "d.csv.gz": gzipSync(rows),
  "e.csv.zst": zstdCompressSync(rows),
  "f.zip": await zip(members),
  "g.tar": await tar(members),
  "h.parquet": readFileSync(join(fixtures, "parquet/long-metadata.parquet")),
  "i.bin": Buffer.from("00ff017f8081feff", "hex"),
};
