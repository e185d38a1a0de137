import { z } from "zod";
import { DAY_S } from "./units.ts";

/** Names that writers give to what is not complete, and names that are not data. */
const UNFINISHED = [
  "temp_*",
  ".*",
  "_*",
  "*.tmp",
  "*.temp",
  "*.part",
  "*.partial",
  "*.filepart",
  "*.crdownload",
  "*.inprogress",
  "*._COPYING_",
  "*~",
  "*.lock",
  "*.crc",
];

const DIRECTORY = "use a directory below the dataset, such as raw, or an absolute one";
const GLOB = "use a glob for a file's name: * stands for any characters, ? for one";
const MARKER = "use a name: {name} stands for the file's; without it, one marker for a directory";

const directory = z
  .string()
  .regex(/^\/?(?!\.{1,2}(\/|$))[^/\0]+(\/(?!\.{1,2}(\/|$))[^/\0]+)*\/?$/, DIRECTORY)
  .refine((path) => !/^(samples|manifests)(\/|$)/.test(path), DIRECTORY)
  .transform((path) => path.replace(/\/$/, ""));

const seconds = z.number().positive();

/** Settings of looking at raw files. */
export const raw = z.strictObject({
  mode: z
    .enum(["off", "only", "early"])
    .default("off")
    .describe("early: sample raw files, and confirm by the manifest; only: without a manifest"),
  directories: z
    .array(directory)
    .min(1)
    .default(["raw"])
    .describe("where raw files arrive, written as manifest lines write it"),
  ignore: z
    .array(z.string().regex(/^[^/]+$/, GLOB))
    .default(UNFINISHED)
    .describe("globs for names, of files and directories, that are not looked at"),
  ready: z
    .enum(["name", "marker", "quiet"])
    .default("name")
    .describe("what says that a file is complete: its name, a marker beside it, or a pause"),
  marker: z
    .string()
    .regex(/^[^/]+$/, MARKER)
    .default("{name}.done")
    .describe("name of a marker; without {name} it is for all files of its directory"),
  quietSeconds: seconds.max(DAY_S).default(60).describe("seconds that a file has to stay as it is"),
  everySeconds: seconds.max(DAY_S).default(60).describe("seconds between two looks, at least"),
  relistSeconds: seconds
    .default(3600)
    .describe("seconds after which a directory is listed, whatever its mtime says"),
  restat: z
    .boolean()
    .default(false)
    .describe("true: a relisted directory's known files are looked at again, too"),
  expectSeconds: seconds
    .default(21_600)
    .describe("seconds after which audit misses the line of a file that is gone"),
});
