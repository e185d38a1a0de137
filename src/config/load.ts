import { readFileSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { LineCounter, parseDocument, type Document } from "yaml";
import { z } from "zod";
import { configSchema, type Config } from "./schema.ts";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { isUrl, shownBronze, whyNoPrefix } from "../lib/bronze-url.ts";
import { nextTimeOf } from "../lib/cron.ts";
import { closest } from "../lib/nearest.ts";
import { type Settings, settingsOf } from "./settings.ts";
import { type StagingSettings, stagingSettingsOf } from "./staging-settings.ts";

/** The default path of the configuration. */
export const DEFAULT_CONFIG_PATH = "/etc/staging-sampler/config.yaml";

/** The parts of the configuration from the command line and the environment. */
export interface ConfigInput {
  readonly config?: string | undefined;
  readonly prefix?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads the configuration: `--config`, else `$STAGING_SAMPLER_CONFIG`, else the default path where
 * there is a file, else defaults. Flags win over the environment, and that over the file; but the
 * prefix of a file that `--config` names wins over an FP_PREFIX that happens to be set.
 * @throws Failure CONFIG_INVALID naming file, line and the nearest valid key.
 */
export function loadConfig(input: ConfigInput): Settings {
  const settings = loadConfigIfAny(input);
  if (settings !== undefined) return settings;
  const message = "no prefix: set FP_PREFIX, --prefix or `prefix` in the file";
  throw new Failure("CONFIG_INVALID", message);
}

/** The same; undefined where nobody names a prefix. @throws Failure CONFIG_INVALID */
export function loadConfigIfAny(input: ConfigInput): Settings | undefined {
  const { config, prefix, file } = readConfig(input);
  if (prefix === undefined) return undefined;
  const settings = settingsOf({ config, prefix: resolve(prefix), file });
  checkState(settings);
  return settings;
}

/** The same configuration for staging, which needs no lake. @throws Failure CONFIG_INVALID */
export function loadStaging(input: ConfigInput): StagingSettings {
  const { config, prefix, file } = readConfig(input);
  if (prefix !== undefined)
    checkState(settingsOf({ config, prefix: resolve(prefix), file: undefined }));
  return stagingSettingsOf({ config, prefix, file, env: input.env });
}

function readConfig({ config, prefix, env }: ConfigInput): {
  readonly config: Config;
  /** Undefined where nobody names one. */
  readonly prefix: string | undefined;
  readonly file: string | undefined;
} {
  const wanted = config ?? env["STAGING_SAMPLER_CONFIG"];
  const path = wanted ?? DEFAULT_CONFIG_PATH;
  const text = readText(path, wanted !== undefined);
  const parsed = text === undefined ? configSchema.parse({}) : parseConfig(text, path);
  const named = config === undefined ? undefined : parsed.prefix;
  const chosen = prefix ?? named ?? env["FP_PREFIX"] ?? parsed.prefix;
  const level = configSchema.shape.log
    .unwrap()
    .shape.level.safeParse(env["LOG_LEVEL"]?.toLowerCase());
  if (!level.success) {
    throw new Failure(
      "CONFIG_INVALID",
      `LOG_LEVEL is ${env["LOG_LEVEL"]}: use debug, info, warn or error`,
    );
  }
  const log = env["LOG_LEVEL"] === undefined ? parsed.log : { ...parsed.log, level: level.data };
  const file = text === undefined ? undefined : path;
  return { config: { ...parsed, log }, prefix: chosen === "" ? undefined : chosen, file };
}

/** Checks that the cache does not lie among the lake's own files. */
function checkState({ prefix, state }: Settings): void {
  const [vendor = "", dataset = "", version = "", folder] = relative(prefix, state).split(sep);
  const isHidden = [vendor, dataset, version].some((part) => part.startsWith("."));
  if (folder === undefined || isHidden) return;
  const message = `state: ${state} lies in a dataset's ${folder}; put it outside of all datasets`;
  throw new Failure("CONFIG_INVALID", message);
}

/**
 * Parses and checks one YAML text.
 * @throws Failure CONFIG_INVALID with every mistake on a line of its own.
 */
export function parseConfig(text: string, path: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw new Failure(
      "CONFIG_INVALID",
      `${path}:${lines.linePos(broken.pos[0]).line}: ${broken.message}`,
    );
  }
  const result = configSchema.safeParse(valueOf(document, path) ?? {});
  const issues = result.success ? [] : result.error.issues.flatMap((issue) => describe(issue));
  if (result.success) issues.push(...contradictions(result.data));
  if (issues.length === 0 && result.success) return result.data;
  const said = issues.map(({ at, says }) => `${path}:${lineOf(document, lines, at)}: ${says}`);
  throw new Failure("CONFIG_INVALID", said.join("\n"));
}

function valueOf(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new Failure("CONFIG_INVALID", `${path}: ${errorMessage(error)}`, { cause: error });
  }
}

interface Mistake {
  readonly at: readonly PropertyKey[];
  readonly says: string;
}

function describe(issue: z.core.$ZodIssue): Mistake[] {
  const where = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") {
    const message = issue.code === "invalid_key" ? issue.issues[0]?.message : issue.message;
    return [{ at: issue.path, says: where === "" ? String(message) : `${where}: ${message}` }];
  }
  const valid = keysAt(issue.path);
  return issue.keys.map((key) => {
    const near = valid.length === 0 ? "" : `; did you mean ${JSON.stringify(closest(key, valid))}?`;
    const inside = where === "" ? "" : ` in ${where}`;
    return { at: [...issue.path, key], says: `unknown key ${JSON.stringify(key)}${inside}${near}` };
  });
}

/** The keys that are valid at a place of the configuration. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let node = z.toJSONSchema(configSchema, { io: "input" }) as
    | z.core.JSONSchema.BaseSchema
    | undefined;
  for (const step of path) {
    node = (
      typeof step === "number" ? node?.items : node?.properties?.[String(step)]
    ) as typeof node;
  }
  return Object.keys(node?.properties ?? {});
}

function contradictions(config: Config): Mistake[] {
  const mistakes: Mistake[] = [];
  try {
    nextTimeOf(config.schedule);
  } catch (error) {
    const says = `schedule: not a cron expression: ${config.schedule} (${errorMessage(error)})`;
    mistakes.push({ at: ["schedule"], says });
  }
  for (const [i, root] of config.allowedRoots.entries()) {
    const why = isUrl(root) ? whyNoPrefix(root) : isAbsolute(root) ? undefined : "is not absolute";
    if (why !== undefined)
      mistakes.push({ at: ["allowedRoots", i], says: `${shownBronze(root)} ${why}` });
  }
  if (config.limits.recordBytes > config.limits.readBytes) {
    const says =
      "limits.recordBytes is larger than limits.readBytes: such a record can never be read";
    mistakes.push({ at: ["limits", "recordBytes"], says });
  }
  for (const [i, { mask }] of config.overrides.entries()) {
    if (mask === undefined || mask === null || (mask.key ?? config.mask?.key) !== undefined)
      continue;
    const says = `overrides.${i}.mask: it needs a key, here or in mask.key`;
    mistakes.push({ at: ["overrides", i, "mask"], says });
  }
  return mistakes;
}

/** The line of a mistake; where there is no such node, the line of the nearest one around it. */
function lineOf(document: Document, lines: LineCounter, at: readonly PropertyKey[]): number {
  for (let length = at.length; length > 0; length -= 1) {
    const parent = document.getIn(at.slice(0, length - 1), true) ?? document.contents;
    const pair = (parent as { items?: unknown[] } | null)?.items?.find(
      (item) => (item as { key?: { value?: unknown } }).key?.value === at[length - 1],
    ) as { key: { range: [number, number, number] } } | undefined;
    if (pair !== undefined) return lines.linePos(pair.key.range[0]).line;
    const node = document.getIn(at.slice(0, length), true) as { range?: number[] } | undefined;
    if (node?.range?.[0] !== undefined) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function readText(path: string, required: boolean): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (!required && errorCode(error) === "ENOENT") return undefined;
    throw new Failure("CONFIG_INVALID", `cannot read ${path}: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
