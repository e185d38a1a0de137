import { hash } from "node:crypto";

/** Parameters of a signature of AWS or Google. */
const SIGNING = /^(x-amz-.*|x-goog-.*)$/i;
/** Those of CloudFront and of the older AWS and Google ones: they count only beside a `signature`. */
const OLDER = /^(awsaccesskeyid|googleaccessid|signature|expires|key-pair-id|policy)$/i;
/** Azure's, which are short words: they count only beside a `sig`. */
const AZURE =
  /^(sv|ss|srt|sr|sp|st|se|sip|spr|sig|si|sdd|skoid|sktid|skt|ske|sks|skv|saoid|suoid|scid)$/i;

/**
 * The identity of an object: its URL without user, fragment, and the parameters of a signature, which
 * change each time it is signed. What is left of the query stays, in order.
 */
export function identityOf(url: URL): string {
  const { search, username, password } = url;
  if (search + username + password + url.hash === "") return url.href;
  const identity = new URL(url.href);
  identity.username = identity.password = identity.hash = "";
  const names = [...identity.searchParams.keys()];
  const has = (wanted: string) => names.some((name) => name.toLowerCase() === wanted);
  const [isAzure, isOlder] = [has("sig"), has("signature")];
  for (const name of names) {
    const isSigning = SIGNING.test(name) || (isOlder && OLDER.test(name));
    if (isSigning || (isAzure && AZURE.test(name))) identity.searchParams.delete(name);
  }
  return identity.href;
}

/** The key of an object: its identity, hashed, with what else tells two results apart. */
export function keyOf(url: URL, ...parts: readonly string[]): string {
  return hash("sha256", [identityOf(url), ...parts].join("\n"));
}
