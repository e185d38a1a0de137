import { readFileSync } from "node:fs";
import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** Node's calls that change something on disk, or can be told to. */
const changing =
  /^(appendFile|chmod|chown|copyFile|cp|createWriteStream|fchmod|fchown|ftruncate|futimes|lchown|link|lutimes|mkdir|mkdtemp|open|rename|rm|rmdir|symlink|truncate|unlink|utimes|write|writeFile|writev)(Sync)?$/;

/** The only files that may use them on their own, and what for. */
const allowed: Readonly<Record<string, string>> = {
  "src/log/log-lines.ts": "standard output",
  "src/lake/held-directory.ts": "below a directory that is held: everything that is done to a lake",
  "src/system/system-calls.ts": "the calls that it is made of",
  "src/lake/state-directory.ts": "makes the state directory, and judges it",
  "src/lake/state-key.ts": "the key that seals queries of URLs, in the held state directory",
  "src/system/directory-lock.ts": "opens the held state directory to lock it",
  "src/store/sqlite/cache-files.ts":
    "the cache's files, in the held state directory, by another name",
  "src/store/sqlite/open.ts": "the cache's files, in the held state directory",
  "src/store/sqlite/migrate.ts": "a cache that is not whole yet, in the held state directory",
  "src/workers/crash-marks.ts": "marks, in the held state directory",
  "src/lake/local-file.ts": "opens bronze to read",
  "src/config/mask-key.ts": "opens the key of a mask to read",
  "src/lake/found-file.ts": "finds bronze, and opens nothing",
  "src/manifest/files.ts": "opens manifests to read",
  "src/samples/publish.ts": "writes to a file that a held directory made",
  "src/samples/previous.ts": "opens a sample to read",
  "src/samples/record-file.ts": "opens receipts in a held directory",
  "src/samples/find-receipt.ts": "opens receipts to read",
  "src/samples/fsync.ts": "opens samples to bring them to disk",
  "src/samples/verify.ts": "opens samples to read",
  "src/manifest/append-lines.ts": "production's own call",
  "src/cli/output/out-file.ts": "the file that a person names with --out",
  "src/cli/commands/dry-run.ts": "a copy of the cache in a temporary directory",
  "src/storage/file.ts": "opens a file that a person names, to read",
  "src/transfer/disk-part.ts": "the file that is fetched",
  "src/transfer/write-whole.ts": "a small file, once it is whole",
  "src/transfer/sync-directory.ts": "opens its directory to bring its name to disk",
  "src/transfer/journal.ts": "beside that file: what it takes to go on",
  "src/store/sqlite/search/open.ts": "the index of samples, in the held state directory",
  "src/store/sqlite/staging/open.ts": "staging's database, in the held state directory",
  "src/staging/store-directory.ts": "the store of staged files, which lies in no dataset",
  "src/staging/store-upkeep.ts": "removes files of that store",
  "src/staging/run-directory.ts": "directories of runs, which lie in no dataset",
  "src/staging/remove-tree.ts": "removes directories of runs",
  "src/staging/run.ts": "files of a run",
  "src/staging/stage-entry.ts": "files of a run",
  "src/staging/place.ts": "files of a run: links to and copies of those of the store",
  "src/staging/command.ts": "the parameters of a run",
  "src/staging/open-file.ts": "opens staged files, and files that a program names, to read",
  "src/regions/source-file.ts": "opens files that a person names, to read",
  "src/regions/place-tree.ts": "a staging, where a person wants it",
  "src/regions/file-list.ts": "the list of a staging's files, in a temporary directory",
  "src/http/server/bind.ts": "the socket that the configuration names",
};

/** The names that a file imports from Node's file system. */
function importedBy(path: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  const imports = text.matchAll(/import\s+(?:type\s+)?([^;]*?)\s+from\s+"node:fs(?:\/promises)?"/g);
  return [...imports].flatMap(([, names = ""]) =>
    names
      .replace(/[{}]/g, "")
      .split(",")
      // Whatever it is called here.
      .map((name) => name.trim().replace(/^type | as \w+$/g, "")),
  );
}

test("only a few files can change anything on disk, and a lake only through a held directory", () => {
  const files = globSync("src/**/*.ts", { cwd: root });
  expect(files.length).toBeGreaterThan(200);
  const users = files.filter((path) => importedBy(path).some((name) => changing.test(name)));
  expect(users.toSorted()).toEqual(Object.keys(allowed).toSorted());
  // A whole module would hide what of it is used.
  const whole = files.filter((path) => importedBy(path).some((name) => /^\*|^fs$/.test(name)));
  expect(whole).toEqual([]);
});
