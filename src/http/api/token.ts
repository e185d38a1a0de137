import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { Failure } from "../../errors.ts";
import { systemMessage } from "../../lake/errors.ts";

/** Bytes of a token, at least: a shorter one could be guessed. */
const LEAST_BYTES = 16;

/** True for the value of an `Authorization` header that has the token. */
export type HasToken = (authorization: string | undefined) => boolean;

/** Reads the token of a file. @throws Failure CONFIG_INVALID */
export function readToken(path: string): HasToken {
  let token: string;
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (error) {
    const message = `staging.tokenFile: ${path}: ${systemMessage(error)}`;
    throw new Failure("CONFIG_INVALID", message, { cause: error });
  }
  if (Buffer.byteLength(token) < LEAST_BYTES)
    throw new Failure(
      "CONFIG_INVALID",
      `staging.tokenFile: ${path} has fewer than ${LEAST_BYTES} bytes: make one with openssl rand -hex 32`,
    );
  const wanted = digest(token);
  return (authorization = "") => {
    const [, given = ""] = /^Bearer +(\S+)$/i.exec(authorization.trim()) ?? [];
    return timingSafeEqual(digest(given), wanted);
  };
}

/** Two of these have one length, whatever the texts have. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
