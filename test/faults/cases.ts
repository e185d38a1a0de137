import type { Fault } from "./fault.ts";
import { files } from "./files.ts";
import { DATASET } from "./lake.ts";

/** A fault and how it has to show. */
export interface Case {
  readonly fault: Fault;
  /** The message on stderr besides the errno; undefined where a fault may change nothing. */
  readonly says: RegExp | undefined;
}

/** Faults that differ in their path, errno and the n of the call that fails. */
type Faults = Omit<Fault, "path" | "errno" | "nth"> & {
  readonly paths: readonly string[];
  readonly errnos: readonly string[];
  readonly nths?: readonly string[];
};

const storage = ["EIO", "ESTALE"];
const opening = [...storage, "EMFILE", "EACCES"];
const full = ["ENOSPC", "EDQUOT"];

const manifest = `${DATASET}/manifests/processed.jsonl`;
const receipts = `${DATASET}/samples/_receipts.jsonl`;
const bronze = (name: string) => `${DATASET}/bronze/${name}`;

/** Reads that a file of a format takes; others take two. */
const manyReads: Readonly<Record<string, number>> = {
  "f.zip": 15,
  "g.tar": 4,
  "h.parquet": 4,
  "i.bin": 1,
};

/** The producer's side: listing, stating and reading manifests. */
const ofManifests: readonly Case[] = [
  ...each(/MANIFEST_UNREADABLE: /, { call: "openat", paths: ["acme", ""], errnos: opening }),
  ...each(/MANIFEST_UNREADABLE: /, {
    call: "getdents64",
    paths: ["", "acme", "acme/orders"],
    errnos: storage,
    nths: ["1", "2"],
  }),
  ...each(/MANIFEST_UNREADABLE: /, {
    call: "statx",
    paths: [`${DATASET}/manifests`],
    errnos: opening,
  }),
  ...inLibrary(/MANIFEST_UNREADABLE: /, { call: "stat", paths: [manifest], errnos: opening }),
  ...inLibrary(/MANIFEST_UNREADABLE: /, {
    call: "open",
    paths: [`${DATASET}/manifests`, manifest],
    errnos: opening,
    nths: ["1", "2"],
  }),
  ...each(/MANIFEST_UNREADABLE: /, {
    call: "pread64",
    paths: [manifest],
    errnos: [...storage, "EINTR"],
    nths: ["1", "2", "3"],
  }),
  ...inLibrary(undefined, {
    call: "close",
    paths: [`${DATASET}/manifests/`],
    errnos: ["EIO"],
    nths: ["1", "2"],
  }),
];

/** Bronze files: what all formats have in common, then each format at each of its reads. */
const ofBronze: readonly Case[] = [
  ...inLibrary(/FILE_UNREADABLE: /, {
    call: "open",
    paths: [bronze("a.csv")],
    errnos: opening,
    nths: ["1", "2"],
  }),
  ...each(/FILE_UNREADABLE: /, {
    call: "statx",
    paths: [bronze("a.csv")],
    errnos: storage,
    nths: ["1", "2", "3", "4"],
  }),
  ...each(/FILE_UNREADABLE: /, {
    call: "pread64",
    paths: [bronze("a.csv")],
    errnos: ["ESTALE", "EINTR"],
  }),
  ...Object.keys(files).flatMap((name) =>
    each(/FILE_UNREADABLE: /, {
      call: "pread64",
      paths: [bronze(name)],
      errnos: ["EIO"],
      nths: Array.from({ length: manyReads[name] ?? 2 }, (_, i) => String(i + 1)),
    }),
  ),
  ...inLibrary(undefined, {
    call: "close",
    paths: ["/bronze/"],
    errnos: ["EIO"],
    nths: ["1", "1+"],
  }),
];

/** Directories on the way to samples: each is held for each file, and for each batch of receipts. */
const ofPlaces: readonly Case[] = [
  ...each(undefined, { call: "readlink", paths: ["", "acme"], errnos: opening, nths: ["1", "1+"] }),
  ...inLibrary(/OUTPUT_UNWRITABLE: /, {
    call: "open",
    paths: [`${DATASET}/samples`],
    errnos: opening,
    nths: ["1", "2", "5", "1+"],
  }),
  ...inLibrary(/OUTPUT_UNWRITABLE: |MANIFEST_UNREADABLE: |FILE_UNREADABLE: /, {
    call: "open",
    paths: [DATASET],
    errnos: opening,
    nths: ["1", "2", "9", "1+"],
  }),
];

/** Samples: written under a temporary name, which then becomes their own. */
const ofSamples: readonly Case[] = [
  ...written({ call: "open", paths: [".ss-"], errnos: [...opening, ...full], nths: ["1", "4"] }),
  ...written({
    call: "write",
    paths: [".ss-"],
    errnos: ["EIO", "EFBIG", ...full],
    nths: ["1", "2", "9", "1+"],
  }),
  ...written({ call: "close", paths: [".ss-"], errnos: ["EIO", ...full], nths: ["1", "5", "1+"] }),
  ...written({
    call: "rename",
    paths: ["_sample"],
    errnos: [...storage, "EACCES", "EROFS", ...full],
    nths: ["1", "6", "1+"],
  }),
  ...written({
    call: "rename",
    isAnswerLost: true,
    paths: ["_sample"],
    errnos: ["EIO"],
    nths: ["1", "6"],
  }),
  // What was begun cannot be removed either: a file system that became read-only.
  ...written({ call: "write,unlink", paths: [".ss-"], errnos: ["EROFS"], nths: ["1+", "9+"] }),
  // The sample that has another name now.
  ...written({ call: "unlink", paths: ["z_sample.csv"], errnos: [...storage, "EACCES", "EROFS"] }),
];

/** Receipts: looked at once, then written to for each batch. */
const ofReceipts: readonly Case[] = [
  ...inLibrary(/OUTPUT_/, {
    call: "open",
    paths: [receipts],
    errnos: [...opening, ...full],
    nths: ["1", "2", "1+"],
  }),
  ...each(/OUTPUT_/, { call: "statx", paths: [receipts], errnos: storage, nths: ["1", "2"] }),
  ...each(/OUTPUT_/, { call: "pread64", paths: [receipts], errnos: storage, nths: ["1", "2"] }),
  ...each(/OUTPUT_/, {
    call: "write",
    paths: [receipts],
    errnos: ["EIO", "EFBIG", ...full],
    nths: ["1", "2", "1+"],
  }),
  ...inLibrary(/OUTPUT_/, {
    call: "close",
    paths: [`${DATASET}/samples/_receipts`],
    errnos: ["EIO", ...full],
    nths: ["1", "2"],
  }),
];

/** The cache, its log, and the lock beside it; SQLite gets by without some calls. */
const ofTheCache: readonly Case[] = [
  ...each(undefined, {
    call: "openat",
    paths: state("", "/cache.db", "/cache.db-wal", "/cache.db-shm", "/daemon.lock"),
    errnos: ["EIO", "EMFILE"],
    nths: ["1", "1+"],
  }),
  ...each(undefined, {
    call: "pread64",
    paths: state("/cache.db", "/cache.db-wal"),
    errnos: ["EIO"],
    nths: ["1", "2", "8", "1+"],
  }),
  ...each(undefined, {
    call: "pread64",
    paths: state("/daemon.lock"),
    errnos: ["EIO"],
    nths: ["1", "2", "1+"],
  }),
  ...each(undefined, {
    call: "pwrite64",
    paths: state("/cache.db-wal"),
    errnos: ["EIO", "EFBIG", ...full],
    nths: ["1", "2", "5", "20", "40", "1+"],
  }),
  ...each(undefined, {
    call: "pwrite64",
    paths: state("/cache.db", "/cache.db-shm", "/daemon.lock"),
    errnos: ["EIO", "ENOSPC"],
    nths: ["1", "4", "1+"],
  }),
  ...each(undefined, {
    call: "pwrite64",
    paths: state("/cache.db-journal", "/daemon.lock-journal"),
    errnos: ["EIO", "ENOSPC"],
    nths: ["1", "3", "7"],
  }),
  ...each(undefined, {
    call: "fsync",
    paths: state("/cache.db", "/cache.db-wal", "/cache.db-journal", "/daemon.lock"),
    errnos: ["EIO", "ENOSPC"],
    nths: ["1", "2"],
  }),
  ...each(undefined, {
    call: "ftruncate",
    paths: state("/cache.db", "/cache.db-shm"),
    errnos: ["EIO", "ENOSPC"],
  }),
  ...each(undefined, {
    call: "fcntl",
    paths: state("/cache.db", "/daemon.lock"),
    errnos: ["ENOLCK", "EIO"],
    nths: ["1", "2", "5", "9"],
  }),
  ...each(undefined, {
    call: "newfstatat",
    paths: state("/cache.db", "/cache.db-wal"),
    errnos: storage,
    nths: ["1", "2", "5"],
  }),
  ...each(undefined, { call: "mkdir", paths: state(""), errnos: ["EIO", "EACCES", "ENOSPC"] }),
];

/** Reads and writes that do half of what they are asked for: nobody is to notice. */
const ofHalves: readonly Case[] = inLibrary(undefined, {
  call: "short",
  paths: [
    "/processed.jsonl",
    "/bronze/",
    "/.ss-",
    "/_receipts",
    "/cache.db",
    "/daemon.lock",
    "/lake/",
  ],
  errnos: [""],
});

/** All of them. */
export const cases: readonly Case[] = [
  ...ofManifests,
  ...ofBronze,
  ...ofPlaces,
  ...ofSamples,
  ...ofReceipts,
  ...ofTheCache,
  ...ofHalves,
];

function each(says: RegExp | undefined, faults: Faults): Case[] {
  const { paths, errnos, nths = ["1"], ...same } = faults;
  return paths.flatMap((path) =>
    errnos.flatMap((errno) => nths.map((nth) => ({ fault: { ...same, path, errno, nth }, says }))),
  );
}

function inLibrary(says: RegExp | undefined, faults: Faults): Case[] {
  return each(says, { ...faults, inLibrary: true });
}

/** Faults of our output: whether there is no room, or it cannot be written, has to be told. */
function written(faults: Faults): Case[] {
  return [
    ...inLibrary(/OUTPUT_FULL: .*make room/, { ...faults, errnos: faults.errnos.filter(isFull) }),
    ...inLibrary(/OUTPUT_UNWRITABLE: /, {
      ...faults,
      errnos: faults.errnos.filter((errno) => !isFull(errno)),
    }),
  ];
}

function isFull(errno: string): boolean {
  return full.includes(errno);
}

function state(...names: readonly string[]): string[] {
  return names.map((name) => `.staging-sampler${name}`);
}
