import { readFileSync } from "node:fs";

const path = new URL("../package.json", import.meta.url);

/** The program's version, as in package.json. */
export const VERSION = (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
