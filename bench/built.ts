import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The systemd unit: what it sets is what a measured program gets. */
const UNIT = readFileSync(join(root, "deploy/systemd/staging-sampler.service"), "utf8");

/** The built program. */
export const MAIN = join(root, "dist/main.js");

/** Node and the built program, as people start it: it gives itself the flags it needs. */
export const PROGRAM: readonly string[] = [process.execPath, MAIN];

/** The environment it gets: nothing of the surroundings that could choose another lake. */
export const ENVIRONMENT: Readonly<Record<string, string>> = { PATH: process.env["PATH"] ?? "" };

/** The value of a line of the unit. @throws Error where it has none */
export function ofUnit(key: string): string {
  const line = UNIT.split("\n").find((line) => line.startsWith(`${key}=`));
  if (line === undefined) throw new Error(`the unit says nothing of ${key}`);
  return line.slice(key.length + 1);
}
