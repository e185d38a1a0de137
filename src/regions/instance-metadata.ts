import { request } from "node:http";
import { errorMessage, Failure } from "../errors.ts";

/** An instance as its metadata service describes it. */
export interface Metadata {
  readonly region: string;
  /** `i-0123456789abcdef0` */
  readonly instance: string;
}

/** Address of the service on every instance. */
const ENDPOINT = "http://169.254.169.254/";
/** Time for all requests together, ms. */
const LIMIT_MS = 1000;
/** Lifetime of the token, s. */
const TOKEN_S = "60";
/** Longest answer that is read, bytes. */
const MOST_BYTES = 4096;

/**
 * Asks the instance metadata service, version 2. It is on the instance itself, so that no proxy is asked.
 * @returns the reason where nothing answers, or the environment forbids to ask
 * @throws Failure USAGE where the environment names an endpoint that is none; the signal's reason
 */
export async function readMetadata(
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Metadata | { readonly reason: string }> {
  if (/^true$/i.test(env["AWS_EC2_METADATA_DISABLED"] ?? ""))
    return { reason: "AWS_EC2_METADATA_DISABLED" };
  const endpoint = endpointIn(env);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  const ask = (path: string, method: string, headers: Readonly<Record<string, string>>) =>
    answerOf(new URL(`/latest/${path}`, endpoint), { method, headers, signal: limit });
  try {
    const lifetime = { "x-aws-ec2-metadata-token-ttl-seconds": TOKEN_S };
    const token = { "x-aws-ec2-metadata-token": await ask("api/token", "PUT", lifetime) };
    const get = async (name: string) => word(await ask(`meta-data/${name}`, "GET", token));
    const names = [get("placement/region"), get("instance-id")] as const;
    const [region, instance] = await Promise.all(names);
    return { region, instance };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const why = limit.aborted ? `no answer within ${LIMIT_MS} ms` : errorMessage(error);
    return { reason: `${endpoint.host}: ${why}` };
  }
}

function endpointIn(env: Readonly<Record<string, string | undefined>>): URL {
  const name = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
  const text = env[name] || ENDPOINT;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:") throw new Failure("USAGE", `${name}: it is no http:// address`);
  return url;
}

interface Asking {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** @throws Error for an answer other than 200, or one that is too long */
async function answerOf(url: URL, { method, headers, signal }: Asking): Promise<string> {
  return await new Promise((resolve, reject) => {
    const length = method === "PUT" ? { "content-length": "0" } : {};
    const asking = request(url, {
      agent: false,
      method,
      headers: { ...headers, ...length },
      signal,
    });
    asking.on("error", reject).on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("error", reject).on("data", (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) response.destroy(new Error("its answer is too long"));
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`it answers ${response.statusCode}`));
      });
    });
    asking.end();
  });
}

/** @throws Error for anything but a short word: it becomes part of keys and messages */
function word(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text;
  throw new Error("its answer is no name");
}
