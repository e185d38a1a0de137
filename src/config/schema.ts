import { z } from "zod";
import { LISTEN, listenAddress } from "./listen.ts";
import { endpointsSchema, regionsSchema, stagingSchema } from "./staging-schema.ts";
import { bytes, count, DAY_S, duration } from "./units.ts";

const extensions = z
  .record(
    z.string().regex(/^\.[^/]+$/, "an extension begins with a dot"),
    z.enum([
      "csv",
      "jsonl",
      "json",
      "text",
      "gz",
      "zst",
      "xz",
      "bz2",
      "lz4",
      "parquet",
      "avro",
      "zip",
      "tar",
    ]),
  )
  .transform((map) =>
    Object.fromEntries(Object.entries(map).map(([key, format]) => [key.toLowerCase(), format])),
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
    .describe("members of a zip that are sampled"),
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
  extensions: extensions.default({}).describe('further extensions, such as {".dat": csv}'),
});

const glob = z.string().min(1);

const override = z.strictObject({
  datasets: glob.describe("a glob for vendor/dataset/version"),
  sample: withoutDefaults(sample).optional(),
  limits: withoutDefaults(limits).optional(),
  retention: retention.optional(),
  formats: formats.optional(),
});

/** The configuration file. Keys that are left out have the defaults named here. */
export const configSchema = z.strictObject({
  prefix: z
    .string()
    .min(1)
    .optional()
    .describe("root of the lake; --prefix wins, and FP_PREFIX unless --config names the file"),
  state: z.string().min(1).optional().describe("directory of the cache; {prefix}/.staging-sampler"),
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
  staging: stagingSchema,
  endpoints: endpointsSchema,
  regions: regionsSchema,
  log: z
    .strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") })
    .prefault({}),
});

/** A checked configuration, defaults filled in. */
export type Config = z.output<typeof configSchema>;

/** All keys of an object, optional and without defaults. */
type WithoutDefaults<T> = {
  [K in keyof T]: z.ZodOptional<
    T[K] extends z.ZodDefault<infer U extends z.ZodType> ? U : T[K] & z.ZodType
  >;
};

/** The same object with every key optional and without its default. */
function withoutDefaults<T extends z.ZodRawShape>(
  object: z.ZodObject<T>,
): z.ZodObject<WithoutDefaults<T>> {
  const shape = Object.entries(object.shape).map(([key, value]) => {
    const inner = value instanceof z.ZodDefault ? value.unwrap() : value;
    return [key, (inner as z.ZodType).optional()];
  });
  return z.strictObject(Object.fromEntries(shape) as WithoutDefaults<T>);
}
