import { z } from "@hono/zod-openapi";
import { manifestSchema, tesInputsSchema } from "../../staging/schemas.ts";

// JSON that was parsed is JSON; a schema that says so would contain itself.
const params = z
  .unknown()
  .openapi({ description: "any JSON: strings that are names of the manifest become paths" });
const manifest = z
  .union([manifestSchema, tesInputsSchema, z.array(z.string())])
  .describe("name → location or what is known of it; or GA4GH TES inputs; or a list of locations");
const strict = z
  .boolean()
  .default(false)
  .describe("a file that fails or cannot be verified fails the run (recommended)");

/** Body of `POST /api/v2/execute`. */
export const executeSchema = z
  .strictObject({
    ast: z.looseObject({
      experiment: z.looseObject({
        tool: z.string().min(1).describe("a tool of the configuration"),
        params: params.default({}),
      }),
    }),
    data_manifest: manifest.default({}),
    strict,
    dry_run: z.boolean().default(false).describe("only resolves: nothing is fetched or run"),
  })
  .openapi("Execute", {
    example: {
      ast: {
        experiment: {
          tool: "samtools",
          params: { input_file: "sample.sam", reference_file: "hg38.fasta" },
        },
      },
      data_manifest: {
        "sample.sam": "https://storage.googleapis.com/bucket/sample.sam?signature=…",
        "hg38.fasta": "https://storage.googleapis.com/bucket/hg38.fasta?signature=…",
      },
    },
  });

/** Body of `POST /api/v2/runs`. */
export const newRunSchema = z
  .strictObject({
    params: params.default({}),
    data_manifest: manifest,
    ttl_seconds: z.int().positive().optional().describe("how long it stays; staging.runTtl"),
    strict,
  })
  .openapi("NewRun");

const file = z
  .object({
    name: z.string(),
    path: z.string(),
    bytes: z.int(),
    sha256: z.string(),
    verified: z.boolean(),
    encoded: z
      .object({ bytes: z.int(), sha256: z.string() })
      .optional()
      .describe("what was sent, where it was decompressed"),
    from: z.enum(["transfer", "store", "local"]),
    ms: z.int(),
  })
  .openapi("RunFile");

const failedFile = z
  .object({ name: z.string(), code: z.string(), message: z.string() })
  .openapi("FailedFile");

const result = z
  .object({
    status: z.enum(["success", "partial", "failed"]),
    run_id: z.string(),
    run_dir: z.string(),
    staged_files: z.array(z.string()),
    failed_files: z.array(failedFile),
    plugin_params: z.unknown().openapi({ description: "the parameters, with paths" }),
    files: z.array(file),
    exit_code: z.int().optional().describe("of the tool; 128 and the signal that ended it"),
    stdout: z.string().optional().describe("the last 64 KiB"),
    stderr: z.string().optional().describe("the last 64 KiB"),
    error: z
      .object({ code: z.string(), message: z.string() })
      .optional()
      .describe("why the tool did not come to its end"),
  })
  .openapi("RunResult");

/** Answer of `POST /api/v2/execute`. */
export const executedSchema = z.object({ success: z.boolean(), result }).openapi("Executed");

/** A run, as it is now. */
export const runSchema = z
  .object({
    run_id: z.string(),
    run_dir: z.string(),
    state: z.enum(["staging", "running", "ready", "failed"]),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    progress: z
      .array(
        z.object({
          name: z.string(),
          phase: z.enum(["preparing", "transferring", "verifying"]),
          bytes: z.int(),
          size: z.int().nullable().describe("null where it is not known"),
        }),
      )
      .describe("of files that are being staged"),
    result: result.nullable().describe("null while the run is being staged"),
  })
  .openapi("Run");

/** Answer of `GET /api/v2/runs`. */
export const runsSchema = z.object({ runs: z.array(runSchema) }).openapi("Runs");

/** An error (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe("stable; docs/operations.md says what helps"),
  })
  .openapi("Problem");
