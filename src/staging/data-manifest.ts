import { posix } from "node:path";
import type { z } from "zod";
import { Failure } from "../errors.ts";
import { locationOf } from "../storage/location.ts";
import { checkName, checkNames } from "./names.ts";
import {
  manifestSchema,
  MOST_NAMES,
  resourcesSchema,
  tesInputsSchema,
  tesOutputsSchema,
} from "./schemas.ts";

/** A file that a run needs. */
export interface ManifestEntry {
  /** Relative path in the run's directory. */
  readonly name: string;
  /** Location as it was written; undefined where the content is given. */
  readonly location: string | undefined;
  readonly content?: string | undefined;
  /** Lower-case hexadecimal. */
  readonly sha256?: string | undefined;
  readonly bytes?: number | undefined;
  /** True: all files that lie below the location, at any depth, under the paths that they have from there. */
  readonly isDirectory?: boolean;
  /** True: the file has what is compressed in the object. */
  readonly decompress?: boolean;
  /** True: the run may change its file. */
  readonly writable?: boolean;
  /** True: without it the run fails. */
  readonly required?: boolean;
  /** An endpoint, or a command, that gives another URL once this one has expired. */
  readonly refresh?: string | readonly string[] | undefined;
}

/**
 * Reads a data manifest that was given as JSON: name → location; GA4GH TES `inputs`, as a list or in a
 * task; a Frictionless data package; a list of locations.
 * @throws Failure USAGE; PATH_REFUSED for a name that leads out of the run
 */
export function entriesOf(manifest: unknown): readonly ManifestEntry[] {
  const entries = read(manifest);
  if (entries.length > MOST_NAMES)
    throw new Failure("USAGE", `a data manifest has at most ${MOST_NAMES} names`);
  const names = entries.map(({ name }) => name);
  const last = new Map(names.map((name, i) => [name, i]));
  const twice = names.find((name, i) => last.get(name) !== i);
  if (twice !== undefined)
    throw new Failure("USAGE", `two files would be called ${JSON.stringify(twice)}`);
  checkNames(entries.filter(({ isDirectory }) => isDirectory !== true).map(({ name }) => name));
  return entries;
}

function read(manifest: unknown): readonly ManifestEntry[] {
  if (Array.isArray(manifest))
    return manifest.every((item) => typeof item === "string")
      ? listed(manifest)
      : tesInputs(manifest);
  const { inputs, resources } = (manifest ?? {}) as Record<string, unknown>;
  if (Array.isArray(inputs)) return tesInputs(inputs);
  if (Array.isArray(resources)) return packaged(resources);
  const named = parsed(manifestSchema, manifest, "data manifest");
  return Object.entries(named).map(([name, value]) => {
    if (typeof value === "string") return { name, location: value };
    const { url: location, size: bytes, ...rest } = value;
    return Object.assign(rest, { name, location, bytes });
  });
}

function listed(locations: readonly string[]): readonly ManifestEntry[] {
  return locations.map((location) => ({ name: nameOf(location), location }));
}

function tesInputs(inputs: readonly unknown[]): readonly ManifestEntry[] {
  return parsed(tesInputsSchema, inputs, "TES inputs").map(({ url, path, type, content }) => {
    const name = nameIn(path);
    if (type === "DIRECTORY") return directory(name, url);
    if (content !== undefined) return { name, location: undefined, content };
    if (url === undefined) throw new Failure("USAGE", `${path} has neither url nor content`);
    return { name, location: url };
  });
}

/** A path of a task has the run's directory above it. @throws Failure PATH_REFUSED */
function nameIn(path: string): string {
  const name = path.replace(/^\/+|\/+$/g, "");
  checkName(name);
  return name;
}

/** @throws Failure USAGE where the files of a directory cannot be found, or not be sent there */
function directory(name: string, location: string | undefined) {
  const { protocol } = locationOf(location ?? "");
  if (location !== undefined && /^(s3|file):$/.test(protocol))
    return { name, location, isDirectory: true } as const;
  const message = `${name}: a directory lies in a bucket (s3://bucket/prefix/) or on this machine; what lies below an address of a web server cannot be listed: name its files`;
  throw new Failure("USAGE", message);
}

/** A file that a command makes, and the location that it is sent to when the command has ended. */
export interface ManifestOutput {
  /** Relative path in the run's directory. */
  readonly name: string;
  /** Location as it was written. */
  readonly location: string;
  /** True: all files that the command puts there, under the paths that they have from there. */
  readonly isDirectory?: boolean;
}

/** Reads the `outputs` of a GA4GH TES task; other manifests have none. @throws as `entriesOf` */
export function outputsOf(manifest: unknown): readonly ManifestOutput[] {
  const isTask = typeof manifest === "object" && manifest !== null && "inputs" in manifest;
  const { outputs } = (isTask ? manifest : {}) as { readonly outputs?: unknown };
  if (!Array.isArray(outputs)) return [];
  return parsed(tesOutputsSchema, outputs, "TES outputs").map(({ path, url, type }) => {
    const name = nameIn(path);
    if (type === "DIRECTORY") return directory(name, url);
    if (/[*?[]/.test(name))
      throw new Failure("USAGE", `${path}: outputs are files and directories; name each of them`);
    return { name, location: url };
  });
}

function packaged(resources: readonly unknown[]): readonly ManifestEntry[] {
  return parsed(resourcesSchema, resources, "data package").map(({ path, bytes, hash }) => {
    // Without an algorithm it is an MD5, says the standard: weaker than the size, and not used.
    const [, sha256] = /^sha256:([0-9a-f]{64})$/i.exec(hash ?? "") ?? [];
    const name = /^[a-z][\w+.-]*:\/\//i.test(path) ? nameOf(path) : posix.normalize(path);
    return { name, location: path, sha256: sha256?.toLowerCase(), bytes };
  });
}

/** The last part of a location. @throws Failure USAGE where it has none */
function nameOf(location: string): string {
  const [path = ""] = location.split(/[?#]/);
  const last = posix.basename(path);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function parsed<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue?.path.map(String).join(".") ?? "";
  // The value itself is not repeated: it may be a signed URL.
  throw new Failure("USAGE", `${what}${at === "" ? "" : `, ${at}`}: ${issue?.message ?? "wrong"}`);
}
