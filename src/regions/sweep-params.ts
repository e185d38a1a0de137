import { readYaml } from "../config/read-yaml.ts";
import { errorMessage, Failure } from "../errors.ts";
import { isMapping } from "../lib/mapping.ts";

/**
 * The stagings that a sweep's parameters name, as `stage_id`, `stage_ids` or both; YAML or JSON. What else
 * stands there is the sweep's own.
 * @throws Failure USAGE
 */
export function stagingsOfSweep(path: string): readonly string[] {
  const { stage_id: one, stage_ids: several = [] } = readParameters(path);
  if (one !== undefined && typeof one !== "string")
    throw new Failure("USAGE", `${path}: stage_id is the id of one staging`);
  if (!Array.isArray(several) || !several.every((each) => typeof each === "string"))
    throw new Failure("USAGE", `${path}: stage_ids is a list of ids`);
  const ids: readonly string[] = [...(one === undefined ? [] : [one]), ...several];
  if (ids.length === 0)
    throw new Failure("USAGE", `${path} names no staging: it has neither stage_id nor stage_ids`);
  return ids;
}

function readParameters(path: string): Readonly<Record<string, unknown>> {
  const value = yamlIn(path);
  if (isMapping(value)) return value;
  throw new Failure("USAGE", `${path}: parameters are names with values, and this has none`);
}

function yamlIn(path: string): unknown {
  try {
    return readYaml(path);
  } catch (error) {
    throw new Failure("USAGE", errorMessage(error), { cause: error });
  }
}
