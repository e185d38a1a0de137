import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { errorMessage, Failure } from "../errors.ts";

/** Reads a YAML or JSON file that belongs to the configuration. @throws Failure CONFIG_INVALID */
export function readYaml(path: string): unknown {
  const text = textOf(path);
  try {
    return parse(text, { logLevel: "error" });
  } catch (error) {
    const [says = ""] = errorMessage(error).split("\n", 1);
    throw new Failure("CONFIG_INVALID", `${path}: ${says}`, { cause: error });
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const message = `cannot read ${path}: ${errorMessage(error)}`;
    throw new Failure("CONFIG_INVALID", message, { cause: error });
  }
}
