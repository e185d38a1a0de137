import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The systemd unit: what it sets is what a measured program gets. */
const UNIT = readFileSync(join(root, "deploy/systemd/staging-sampler.service"), "utf8");

/** The built program. */
export const MAIN = join(root, "dist/main.js");

/** What its first line gives to Node. */
export const FLAGS: readonly string[] =
  /^#!.* node (.*)/.exec(readFileSync(join(root, "src/main.ts"), "utf8"))?.[1]?.split(" ") ?? [];

/** Node and the built program, as the unit starts it. */
export const PROGRAM: readonly string[] = [process.execPath, ...FLAGS, MAIN];

/** The environment it gets: nothing of the surroundings that could choose another lake. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env["PATH"] ?? "",
  MALLOC_ARENA_MAX: ofUnit("Environment=MALLOC_ARENA_MAX"),
};

/** The value of a line of the unit. @throws Error where it has none */
export function ofUnit(key: string): string {
  const line = UNIT.split("\n").find((line) => line.startsWith(`${key}=`));
  if (line === undefined) throw new Error(`the unit says nothing of ${key}`);
  return line.slice(key.length + 1);
}
