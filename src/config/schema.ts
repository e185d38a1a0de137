import { DATABASE_URL, isDatabaseUrl } from "../lib/database-url.ts";
import { z } from "zod";
import { contractsSchema } from "./contracts-schema.ts";
import { driftSchema } from "./drift-schema.ts";
import { hooksSchema } from "./hooks-schema.ts";
import { LISTEN, listenAddress } from "./listen.ts";
import { raw } from "./raw-schema.ts";
import { maskOverride, maskSchema } from "./mask-schema.ts";
import { endpointsSchema, regionsSchema, stagingSchema } from "./staging-schema.ts";
import { bytes, count, DAY_S, duration } from "./units.ts";

const format = z.enum([
  "csv",
  "jsonl",
  "json",
  "xml",
  "vcf",
  "sam",
  "gff",
  "bed",
  "fasta",
  "fastq",
  "ldif",
  "mbox",
  "eml",
  "srt",
  "yaml",
  "sql",
  "text",
  "gz",
  "zst",
  "xz",
  "bz2",
  "lz4",
  "Z",
  "lzma",
  "parquet",
  "avro",
  "arrow",
  "orc",
  "sqlite",
  "xlsx",
  "dbf",
  "shp",
  "shx",
  "msgpack",
  "cbor",
  "zip",
  "tar",
]);

const extensions = z
  .record(z.string().regex(/^(\.[^/]+)?$/, "an extension begins with a dot"), format)
  .transform((map) =>
    Object.fromEntries(Object.entries(map).map(([key, format]) => [key.toLowerCase(), format])),
  );

const names = z.record(
  z.string().regex(/^[^./][^/]*$/, "a pattern is for names: no directories, and no dot in front"),
  format,
);

const sample = z.strictObject({
  enabled: z.boolean().default(true).describe("false switches sampling off"),
  rows: count.max(1_000_000).default(100).describe("records in a sample"),
  bytes: bytes.default(1024 ** 2).describe("size of a sample before compression"),
  members: z
    .int()
    .nonnegative()
    .max(65_000)
    .default(3)
    .describe("members of an archive that are sampled"),
  tar: z
    .enum(["list", "members"])
    .default("list")
    .describe("list: a tar is only listed; members: its first ones are sampled, as those of a zip"),
  strategy: z
    .enum(["head", "spread", "reservoir"])
    .default("head")
    .describe("head: the first records; spread: from all over the file; reservoir: at random"),
  parts: z
    .int()
    .min(2)
    .max(100)
    .default(10)
    .describe("places in the file that a spread takes records from"),
  layout: z
    .enum(["flat", "mirror"])
    .default("flat")
    .describe("flat: all in samples/; mirror: in the raw files' directories"),
});

const limits = z.strictObject({
  readBytes: bytes.default(64 * 1024 ** 2).describe("bytes read from one bronze file"),
  recordBytes: bytes.default(8 * 1024 ** 2).describe("bytes of one record"),
  seconds: z.number().positive().max(DAY_S).default(30).describe("seconds of work on one file"),
  depth: z.int().nonnegative().default(3).describe("containers within containers"),
  ratio: count.default(1000).describe("decompressed bytes for each compressed one"),
});

const retention = z.strictObject({
  maxAge: duration.optional().describe("samples that are older are removed; seconds, or 12h, 30d"),
  maxFiles: count.optional().describe("samples of a dataset that are kept, the newest ones"),
  maxBytes: bytes.optional().describe("size of all samples of a dataset, the newest ones kept"),
});

const percent = z.number().positive().max(100);

const formats = z.strictObject({
  extensions: extensions
    .default({})
    .describe('further extensions, such as {".dat": csv}; "" for names without one'),
  names: names
    .default({})
    .describe('patterns for file names, such as {"part-*": jsonl}; they come before extensions'),
});

const glob = z.string().min(1);

const override = z.strictObject({
  datasets: glob.describe("a glob for vendor/dataset/version"),
  sample: withoutDefaults(sample).optional(),
  limits: withoutDefaults(limits).optional(),
  retention: retention.optional(),
  formats: formats.optional(),
  drift: withoutDefaults(driftSchema).optional(),
  raw: withoutDefaults(raw).optional(),
  contracts: withoutDefaults(contractsSchema).optional(),
  mask: maskOverride.optional(),
});

/** The configuration file. Keys that are left out have the defaults named here. */
export const configSchema = z.strictObject({
  prefix: z
    .string()
    .min(1)
    .optional()
    .describe("root of the lake; --prefix wins, and FP_PREFIX unless --config names the file"),
  state: z.string().min(1).optional().describe("directory of the cache; {prefix}/.staging-sampler"),
  database: z
    .string()
    // The JSON Schema has the pattern, for editors; it cannot say the rest.
    .regex(/^postgres(ql)?:\/\/./, { error: `use ${DATABASE_URL}` })
    .refine(isDatabaseUrl, { error: `use ${DATABASE_URL}` })
    .optional()
    .describe("a PostgreSQL in the cache's stead: postgresql://user@host/database"),
  schedule: z.string().default("* * * * *").describe("cron expression for the passes"),
  watch: z
    .union([z.boolean(), z.literal("poll")], { error: "use true, false or poll" })
    .default(true)
    .describe("also when a manifest grows; poll where the file system has no events"),
  stopSeconds: z
    .number()
    .nonnegative()
    .max(DAY_S)
    .default(10)
    .describe("seconds to finish after SIGTERM"),
  datasets: z
    .strictObject({
      include: z.array(glob).default(["*/*/*"]),
      exclude: z.array(glob).default([]),
    })
    .prefault({})
    .describe("globs for vendor/dataset/version"),
  allowedRoots: z
    .array(z.string())
    .default([])
    .describe(
      "where bronze may be besides the prefix: directories, and URLs such as https://host/path/, s3://bucket/path/ or drs://host/",
    ),
  manifest: z
    .strictObject({
      settleMs: z
        .int()
        .nonnegative()
        .max(DAY_S * 1000)
        .default(2000)
        .describe("ms to wait for a broken last line"),
      start: z
        .enum(["beginning", "end"])
        .default("beginning")
        .describe("end: take only what is appended after a manifest was first seen"),
    })
    .prefault({}),
  drain: z
    .strictObject({
      order: z.enum(["oldest", "newest"]).default("oldest").describe("which entries come first"),
      threads: count.max(64).default(2).describe("threads that sample"),
      concurrency: count.max(1024).default(128).describe("files handed to the threads at once"),
    })
    .prefault({}),
  load: z
    .strictObject({
      maxCpu: percent.optional().describe("percent of the processors that others may be using"),
      maxIo: percent
        .optional()
        .describe(
          "percent of the time that others may wait for a disk; files are sampled slowly then",
        ),
      maxMemory: percent.optional().describe("percent of the memory that may be in use"),
      datasetSecondsPerHour: z
        .number()
        .positive()
        .optional()
        .describe("seconds of work on one dataset in an hour; it waits for the next one then"),
    })
    .prefault({})
    .describe("when passes wait, so that others are not disturbed"),
  sample: sample.prefault({}),
  limits: limits.prefault({}),
  retention: retention.prefault({}).describe("which samples are removed again; none by default"),
  formats: formats.prefault({}),
  drift: driftSchema.prefault({}).describe("findings where files change their shape"),
  raw: raw.prefault({}).describe("sampling files before production has moved them; off by default"),
  contracts: contractsSchema.prefault({}).describe("what samples are held to"),
  mask: maskSchema,
  overrides: z.array(override).default([]).describe("other settings for some datasets"),
  http: z
    .strictObject({
      listen: z
        .string(LISTEN)
        .refine((text) => listenAddress(text) !== undefined, LISTEN)
        .nullable()
        .default(null)
        .describe("host:port, or the path of a unix socket; null: nothing is served"),
      hosts: z
        .array(z.string().regex(/^[\w.-]+$/, "use names of hosts, without a port"))
        .default([])
        .describe("names by which it may be asked for, besides localhost and addresses"),
    })
    .prefault({})
    .describe("page, health and metrics, read-only and without authentication"),
  hooks: hooksSchema.prefault({}).describe("commands that are told; off by default"),
  staging: stagingSchema,
  endpoints: endpointsSchema,
  regions: regionsSchema,
  log: z
    .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
    .prefault({}),
});

/** A checked configuration, defaults filled in. */
export type Config = z.output<typeof configSchema>;

/** All keys of an object and of those in it, optional and without defaults. */
type WithoutDefaults<T> = {
  [K in keyof T]: z.ZodOptional<
    T[K] extends z.ZodDefault<infer U extends z.ZodType>
      ? U
      : T[K] extends z.ZodPrefault<z.ZodObject<infer S>>
        ? z.ZodObject<WithoutDefaults<S>>
        : T[K] & z.ZodType
  >;
};

/** The same object with every key optional and without its default, in the objects in it too. */
function withoutDefaults<T extends z.ZodRawShape>(
  object: z.ZodObject<T>,
): z.ZodObject<WithoutDefaults<T>> {
  const shape = Object.entries(object.shape).map(([key, value]) => {
    const hasDefault = value instanceof z.ZodDefault || value instanceof z.ZodPrefault;
    const inner = hasDefault ? value.unwrap() : value;
    const kept = inner instanceof z.ZodObject ? withoutDefaults(inner) : (inner as z.ZodType);
    return [key, kept.optional()];
  });
  return z.strictObject(Object.fromEntries(shape) as WithoutDefaults<T>);
}
