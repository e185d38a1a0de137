/** Prints the JSON Schema of the configuration file: `npm run schema` writes it beside this. */
import { z } from "zod";
import { configSchema } from "../src/config/schema.ts";

/** The schema's text, as it stands in config.schema.json. */
export function schemaText(): string {
  const schema = z.toJSONSchema(configSchema, { io: "input" });
  return `${JSON.stringify({ title: "Staging Sampler configuration", ...schema }, null, 2)}\n`;
}

if (import.meta.main) process.stdout.write(schemaText());
