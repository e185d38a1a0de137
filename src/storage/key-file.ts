import { readFile } from "node:fs/promises";
import { errorMessage, Failure } from "../errors.ts";

/** The keys of an account. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Reads `{"accessKeyId", "secretAccessKey", "sessionToken"?}`. No message shows what is in the file.
 * @throws Failure FORBIDDEN
 */
export async function readKeyFile(path: string): Promise<Keys> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Failure("FORBIDDEN", `no credentials: ${errorMessage(error)}`, { cause: error });
  });
  const { accessKeyId, secretAccessKey, sessionToken } = fieldsOf(text);
  if (!isText(accessKeyId) || !isText(secretAccessKey))
    throw new Failure(
      "FORBIDDEN",
      `no credentials: ${path} is not JSON with accessKeyId and secretAccessKey`,
    );
  return { accessKeyId, secretAccessKey, ...(isText(sessionToken) ? { sessionToken } : {}) };
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    // The parser's message quotes the file.
    return {};
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
