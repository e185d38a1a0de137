import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, truncateSync, writeSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { tarMember } from "../fixtures/tar-blocks.ts";

/** Writes a file of about this many bytes, or of this many entries. */
type Write = (path: string, size: number) => void;

/** A large file and a small one of the same format. */
export interface Kind {
  /** The name of the comparison. */
  readonly name: string;
  /** Of both files, without its first dot. */
  readonly extension: string;
  readonly write: Write;
  /** The argument of `write` for each. */
  readonly large: number;
  readonly small: number;
  /** Bytes that may be read of the large one. */
  readonly mostRead: number;
  /** Milliseconds that the large one may take. */
  readonly mostMs: number;
}

const MB = 1024 ** 2;
const GB = 1024 ** 3;
const TB = 1024 ** 4;
/** Bytes at the beginning of a sparse file that are not a hole. */
const HEAD_BYTES = 4 * MB;
const TAR_MEMBERS = 10;
const CSV_HEADER = "id,name\n";

const csv = records(CSV_HEADER, csvLine);
const jsonl = records("", jsonLine);
const array = records("[", (i) => `${jsonLine(i).trim()},\n`, "null]");
const document = records('{"data":[', (i) => `${jsonLine(i).trim()},\n`, 'null],"end":true}');
const text = records("", (i) => `12:00:00 INFO request ${i} served\n`);

/** Everything that is compared, in this order. A zip lists 10,000 entries and counts the rest. */
export const kinds: readonly Kind[] = [
  kind("csv", csv),
  kind("jsonl", jsonl),
  { ...kind("json", array), name: "json array, 1 GB beside 1 MB" },
  { ...kind("json", document), name: "json object, 1 GB beside 1 MB" },
  kind("txt", text),
  kind("csv.gz", writeGz),
  kind("zip", writeZip),
  kind("tar", writeTar),
  { ...kind("tar", writeTar), name: "tar, 10 GB beside 1 MB", large: 10 * GB },
  { ...kind("csv", sparse(csv)), name: "csv, 1 TB (sparse) beside 1 MB", large: TB },
  { ...kind("jsonl", sparse(jsonl)), name: "jsonl, 1 TB (sparse) beside 1 MB", large: TB },
  {
    ...kind("zip", writeZipOfMany),
    name: "zip, 100,000 entries beside 10,000",
    large: 100_000,
    small: 10_000,
    mostMs: 200,
  },
];

function kind(extension: string, write: Write): Kind {
  const name = `${extension}, 1 GB beside 1 MB`;
  return { name, extension, write, large: GB, small: MB, mostRead: MB, mostMs: 50 };
}

function csvLine(i: number): string {
  return `${i},"name ${i}"\n`;
}

function jsonLine(i: number): string {
  return `{"id":${i},"name":"name ${i}"}\n`;
}

/** Real records all the way: a block of them again and again. */
function records(head: string, record: (i: number) => string, tail = ""): Write {
  return (path, bytes) => {
    const fd = openSync(path, "w");
    const block = Array.from({ length: 2000 }, (_, i) => record(i)).join("");
    let written = writeSync(fd, head);
    while (written + block.length < bytes) written += writeSync(fd, block);
    writeSync(fd, tail);
    closeSync(fd);
  };
}

/** Real records at the beginning, then a hole up to the size. */
function sparse(write: Write): Write {
  return (path, bytes) => {
    write(path, Math.min(bytes, HEAD_BYTES));
    truncateSync(path, bytes);
  };
}

/** Members of half a megabyte, one after the other. */
function writeGz(path: string, bytes: number): void {
  const fd = openSync(path, "w");
  const rows = Array.from({ length: 100_000 }, (_, i) => csvLine(i)).join("");
  const member = gzipSync(rows);
  let written = writeSync(fd, gzipSync(CSV_HEADER + rows));
  while (written < bytes) written += writeSync(fd, member);
  closeSync(fd);
}

/** Three members, stored. */
function writeZip(path: string, bytes: number): void {
  const script = `
import sys, zipfile
path, size = sys.argv[1], int(sys.argv[2])
block = "".join(f'{i},"name {i}"\\n' for i in range(10000)).encode()
with zipfile.ZipFile(path, "w") as archive:
    for name in ("a.csv", "b.csv", "c.csv"):
        with archive.open(name, "w", force_zip64=True) as member:
            for _ in range(size // 3 // len(block) + 1):
                member.write(block)
`;
  execFileSync("python3", ["-c", script, path, String(bytes)]);
}

/** Writes a zip of this many small members. */
function writeZipOfMany(path: string, entries: number): void {
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for i in range(int(sys.argv[2])):
        archive.writestr(f"{i:06}.csv", f"id,name\\n{i},name {i}\\n")
`;
  execFileSync("python3", ["-c", script, path, String(entries)]);
}

/** Members whose data are holes. */
function writeTar(path: string, bytes: number): void {
  const fd = openSync(path, "w");
  const size = Math.floor(bytes / TAR_MEMBERS / 512) * 512;
  for (let i = 0; i < TAR_MEMBERS; i += 1) {
    writeSync(fd, tarMember({ name: `part-${i}.bin`, size }), 0, 512, i * (512 + size));
  }
  ftruncateSync(fd, TAR_MEMBERS * (512 + size) + 1024);
  closeSync(fd);
}
