import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { isObject, isUrl, redactedText, sealIn, withSeal } from "../lib/bronze-url.ts";
import { makeKey, readKey } from "../lake/state-key.ts";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Makes the function that seals what is secret in a bronze URL: its query has to be known when its
 * time comes, and is not to be read in the cache. The key is beside the cache, for the service alone.
 * It throws Failure CACHE_UNUSABLE.
 */
export function createSeal(state: string): (bronze: string) => string {
  let key: Buffer | undefined;
  return (bronze) => {
    const shown = isUrl(bronze) ? redactedText(bronze) : bronze;
    if (shown === bronze || isObject(bronze)) return shown;
    key ??= makeKey(state);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce);
    const sealed = Buffer.concat([cipher.update(bronze, "utf8"), cipher.final()]);
    const whole = Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    return withSeal(bronze, whole.toString("base64url"));
  };
}

/**
 * Opens what was sealed; what was not comes back as it is. Undefined where the key is another one
 * now, or gone.
 * @throws Failure CACHE_UNUSABLE
 */
export function unsealed(bronze: string, state: string): string | undefined {
  const seal = sealIn(bronze);
  if (seal === undefined) return bronze;
  const key = readKey(state);
  const whole = Buffer.from(seal, "base64url");
  if (key === undefined || whole.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, key, whole.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(whole.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const text = decipher.update(whole.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString("utf8");
  } catch {
    return undefined;
  }
}
