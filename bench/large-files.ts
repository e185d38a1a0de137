import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { tarMember } from "../fixtures/tar-blocks.ts";

/** Writes a file of about so many bytes. */
type Write = (path: string, bytes: number) => void;

const GB = 1024 ** 3;
const MB = 1024 ** 2;

/** Writes three members, stored. */
const zipScript = `
import sys, zipfile
path, size = sys.argv[1], int(sys.argv[2])
block = "".join(f'{i},"name {i}"\\n' for i in range(20000)).encode()
with zipfile.ZipFile(path, "w") as archive:
    for name in ("a.csv", "b.csv", "c.csv"):
        with archive.open(name, "w", force_zip64=True) as member:
            for _ in range(size // 3 // len(block) + 1):
                member.write(block)
`;

/** By extension: how a file is made, and how large a large and a small one are. */
export const kinds: Readonly<
  Record<string, { readonly write: Write; readonly large: number; readonly small: number }>
> = {
  csv: { write: records("id,name\n", (i) => `${i},"name ${i}"\n`), large: GB, small: MB },
  jsonl: { write: records("", json), large: GB, small: MB },
  json: { write: records("[", (i) => `${json(i).trim()},\n`, "null]"), large: GB, small: MB },
  "csv.gz": { write: writeGz, large: GB, small: MB },
  zip: { write: writeZip, large: 2 * GB, small: 2 * MB },
  tar: { write: writeTar, large: 10 * GB, small: 10 * MB },
};

function json(i: number): string {
  return `{"id":${i},"name":"name ${i}"}\n`;
}

/** Real records all the way: a block of them again and again. */
function records(head: string, record: (i: number) => string, tail = ""): Write {
  return (path, bytes) => {
    const fd = openSync(path, "w");
    const block = Array.from({ length: 20_000 }, (_, i) => record(i)).join("");
    let written = writeSync(fd, head);
    while (written + block.length < bytes) written += writeSync(fd, block);
    writeSync(fd, tail);
    closeSync(fd);
  };
}

function writeGz(path: string, bytes: number): void {
  const plain = path.replace(/\.gz$/, "");
  records("id,name\n", (i) => `${i},"name ${i}"\n`)(plain, bytes);
  execFileSync("gzip", ["-1", "-f", plain]);
}

function writeZip(path: string, bytes: number): void {
  execFileSync("python3", ["-c", zipScript, path, String(bytes)]);
}

/** Ten members, whose data are holes. */
function writeTar(path: string, bytes: number): void {
  const fd = openSync(path, "w");
  const size = bytes / 10;
  for (let i = 0; i < 10; i += 1) {
    writeSync(fd, tarMember({ name: `part-${i}.bin`, size }), 0, 512, i * (512 + size));
  }
  ftruncateSync(fd, 10 * (512 + size) + 1024);
  closeSync(fd);
}
