import { z } from "zod";

/** Names that a data manifest may have. */
export const MOST_NAMES = 10_000;

const sha256 = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, "a SHA-256 is 64 hexadecimal digits")
  .transform((text) => text.toLowerCase())
  .describe("SHA-256 that the bytes have to have, hexadecimal");

const location = z.string().min(1).describe("https://…, s3://bucket/key, file:///… or a path");

const entry = z.strictObject({
  url: location,
  sha256: sha256.optional(),
  size: z.int().nonnegative().optional().describe("bytes that are sent, as many"),
  decompress: z
    .boolean()
    .default(false)
    .describe("the file has what is compressed in it; sha256 and size are of what is sent"),
  writable: z.boolean().default(false).describe("the run may change its file"),
  required: z.boolean().default(false).describe("without it the run fails"),
  refresh: z
    .union([z.url({ protocol: /^https?$/ }), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe("endpoint that answers {url}, or a command that prints it, once the URL has expired"),
});

/** A data manifest: name → location, or what is known of it. */
export const manifestSchema = z
  .record(z.string(), z.union([location, entry]))
  .refine(
    (manifest) => Object.keys(manifest).length <= MOST_NAMES,
    `a manifest has at most ${MOST_NAMES} names`,
  )
  .describe("name of the file in the run → where it comes from");

/** GA4GH TES 1.1 `inputs`; fields that say nothing of where bytes are may be there. */
export const tesInputsSchema = z.array(
  z.object({
    url: location.optional(),
    path: z.string().startsWith("/"),
    type: z.enum(["FILE", "DIRECTORY"]).default("FILE"),
    content: z.string().optional(),
  }),
);

/** GA4GH TES 1.1 `outputs`. */
export const tesOutputsSchema = z.array(
  z.object({
    url: location,
    path: z.string().startsWith("/"),
    type: z.enum(["FILE", "DIRECTORY"]).default("FILE"),
  }),
);

/** Resources of a Frictionless data package; others of their fields may be there. */
export const resourcesSchema = z.array(
  z.object({
    path: z.union([
      location,
      z
        .array(location)
        .length(1)
        .transform(([path]) => path as string),
    ]),
    bytes: z.int().nonnegative().optional(),
    hash: z.string().optional(),
  }),
);
