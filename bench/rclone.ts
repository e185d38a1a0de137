import { spawnSync } from "node:child_process";
import type { ObjectStore } from "../test/helpers/object-store.ts";

/** The S3 of Debian 12's own, 1.60, ends in "unsupported transport". */
const LEAST_MINOR = 61;

/** Starts rclone with one remote, `at:`, and no configuration. */
export interface Rclone {
  readonly version: string;
  /** Words of a command line, and its environment. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The program that `RCLONE` names, else that of the PATH; why there is none. */
export function rcloneFor({ url, region, keys }: ObjectStore): Rclone | string {
  const program = process.env["RCLONE"] ?? "rclone";
  const { stdout, error } = spawnSync(program, ["version"], { encoding: "utf8" });
  if (error !== undefined) return `${program}: ${error.message}; RCLONE names another one`;
  const version = /^rclone (v1\.(\d+)\S*)/.exec(stdout);
  if (version === null || Number(version[2]) < LEAST_MINOR)
    return `${program}: ${version?.[1] ?? stdout} is too old; RCLONE names another one`;
  const settings = {
    TYPE: "s3",
    PROVIDER: "Ceph",
    ENDPOINT: url.href,
    REGION: region,
    ACCESS_KEY_ID: keys.accessKeyId,
    SECRET_ACCESS_KEY: keys.secretAccessKey,
    NO_CHECK_BUCKET: "true",
  };
  const env = Object.entries(settings).map(([name, text]) => [`RCLONE_CONFIG_AT_${name}`, text]);
  return {
    version: version[1] as string,
    command: [program, "--config", ""],
    env: Object.fromEntries(env),
  };
}
