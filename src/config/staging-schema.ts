import { z } from "zod";
import { LISTEN, listenAddress } from "./listen.ts";
import { bytes, count, DAY_S, duration } from "./units.ts";

const HOST = "use a name such as data.example.org or *.example.org, an address, or one with /bits";
const host = z.string().regex(/^(\*|(\*\.)?[\w.-]+|[\da-fA-F:.]+(\/\d{1,3})?)$/, HOST);

const tool = z.strictObject({
  command: z
    .array(z.string().min(1))
    .min(1)
    .describe("program and arguments; {name} becomes the parameter of that name; no shell"),
  timeoutSeconds: z.number().positive().max(DAY_S).default(3600).describe("seconds it may take"),
  env: z.record(z.string(), z.string()).default({}).describe("its environment, besides PATH"),
});

/** `staging:` of the configuration: files from elsewhere. */
export const stagingSchema = z
  .strictObject({
    runs: z.string().min(1).optional().describe("directory of runs; {state}/runs"),
    store: z.string().min(1).optional().describe("directory of staged files; {state}/store"),
    storeBytes: bytes
      .default(100 * 1024 ** 3)
      .describe("size of the store; what was used least recently goes first"),
    runTtl: duration.default(DAY_S).describe("how long a run stays; seconds, or 12h, 3d"),
    transfers: count.max(64).default(4).describe("objects that are fetched at once"),
    parts: count.max(64).default(8).describe("ranges of one object that are fetched at once"),
    partBytes: bytes.default(16 * 1024 ** 2).describe("size of such a range"),
    bytesPerSecond: bytes
      .optional()
      .describe("rate of all transfers together; no limit by default"),
    retries: z
      .int()
      .nonnegative()
      .max(1000)
      .default(8)
      .describe("tries in a row that may bring nothing"),
    stallSeconds: z
      .number()
      .positive()
      .max(3600)
      .default(30)
      .describe(
        "seconds without a byte, or with less than 1 KiB each, after which a source has stalled",
      ),
    maxBytes: bytes.optional().describe("largest file that is staged; no limit by default"),
    caFile: z.string().min(1).optional().describe("certificates of private authorities, PEM"),
    listen: z
      .string(LISTEN)
      .refine((text) => listenAddress(text) !== undefined, LISTEN)
      .optional()
      .describe("of `stage serve`: host:port, or the path of a unix socket; {state}/staging.sock"),
    tokenFile: z
      .string()
      .min(1)
      .optional()
      .describe("file with the bearer token of `stage serve`; host:port needs one"),
    hosts: z
      .strictObject({ allow: z.array(host).default(["*"]), deny: z.array(host).default([]) })
      .prefault({})
      .describe("hosts that `stage serve` fetches from; *: any with a public address"),
    prices: z
      .string()
      .min(1)
      .optional()
      .describe("file with prices, beside this one; prices.yaml where it is there"),
    region: z
      .string()
      .min(1)
      .optional()
      .describe("region of this machine, where neither environment nor instance metadata says it"),
    tools: z
      .record(z.string().regex(/^[\w.-]+$/, "a tool's name has letters, digits, . _ -"), tool)
      .default({})
      .describe("commands that may be run over HTTP, by name"),
  })
  .prefault({});

const credentials = z.union([
  z.strictObject({ profile: z.string().min(1) }),
  z.strictObject({ keyFile: z.string().min(1) }),
]);

/** `endpoints:` of the configuration: services that speak S3. */
export const endpointsSchema = z
  .record(
    z.string(),
    z.strictObject({
      url: z.url().describe("https://host"),
      region: z.string().min(1),
      bucket: z.string().min(1).optional().describe("the bucket that is found here"),
      credentials: credentials.optional().describe("else the SDK's usual chain"),
      pathStyle: z.boolean().optional().describe("the bucket stands in the path, not in the host"),
    }),
  )
  .default({})
  .describe("services that speak S3: the one that names a location's bucket, else `default`");

/** `regions:` of the configuration: where `stage upload` brings files to. */
export const regionsSchema = z
  .record(
    z.string().regex(/^[\w.-]+$/, "a region's name has letters, digits, . _ -"),
    z.strictObject({
      endpoint: z.string().min(1).describe("name of one of `endpoints`"),
      bucket: z.string().min(3).optional().describe("staging-{region} by default"),
    }),
  )
  .default({})
  .describe("regions that `stage upload` knows: each a bucket at one of `endpoints`");
