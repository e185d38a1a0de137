import { stringify } from "yaml";

/** A value as YAML, with a line end. */
export function yamlText(value: unknown): string {
  return stringify(value);
}
