import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { errorOfAnswer } from "./s3-errors.ts";
import { type Connection, isRequest } from "./s3-clients.ts";

/** A PUT of an object or of a part. */
export interface PutRequest {
  readonly key: string;
  readonly bytes: Uint8Array;
  /** Of the bytes; it is signed, so that the store takes no others. */
  readonly sha256: Buffer;
  /** Lower-case names, and ASCII. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Headers of the answer, by lower-case names. */
export type PutAnswer = Readonly<Record<string, string | undefined>>;

/** Sends one. @throws an error as the SDK's are */
export type Put = (request: PutRequest) => Promise<PutAnswer>;

/** The answer as the SDK's connections give it. */
interface Answer {
  readonly statusCode: number;
  readonly headers: PutAnswer;
  readonly body: IncomingMessage;
}

/** A clock that is off by so much is worth another try, ms: stores refuse what is 5 minutes off, or 15. */
const CLOCK_MS = 240_000;

/** The key that is asked about where the SDK says how objects are reached. */
const PROBE = "k";

/**
 * Makes the function that sends bytes to a bucket, with the SDK's credentials, signatures and
 * connections: all else that it does for a request takes twice as long as these, and hashes the bytes
 * once more.
 */
export function createPut({ client, sdk }: Connection, bucket: string): Put {
  const { config } = client;
  let known: ReturnType<typeof learned> | undefined;

  return async ({ key, bytes, headers, query = {}, signal, sha256 }) => {
    known ??= learned();
    const { protocol, hostname, port, path, signer } = await known.catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    const request = {
      protocol,
      hostname,
      ...(port === undefined ? {} : { port }),
      method: "PUT",
      path: path + pathOf(key),
      query,
      headers: {
        host: port === undefined ? hostname : `${hostname}:${port}`,
        "content-type": "application/octet-stream",
        "content-length": String(bytes.length),
        "x-amz-content-sha256": sha256.toString("hex"),
        ...headers,
      },
      body: bytes,
    };
    const offset = config.systemClockOffset;
    const signingDate = new Date(Date.now() + offset);
    const signed = await signer.sign(request, { signingDate });
    const { response } = await config.requestHandler.handle(signed, { abortSignal: signal });
    if (response.statusCode >= 300) throw await refusalOf(response, offset);
    return await ended(response);
  };

  /** Has this and the next requests heed the store's clock, where that refusal tells it, as the SDK does. */
  async function refusalOf({ statusCode, headers, body }: Answer, offset: number): Promise<Error> {
    const itsOffset = Date.parse(headers["date"] ?? "") - Date.now();
    const clockSkewCorrected = Math.abs(itsOffset - offset) >= CLOCK_MS;
    if (clockSkewCorrected) config.systemClockOffset = itsOffset;
    const metadata = { httpStatusCode: statusCode, clockSkewCorrected };
    return errorOfAnswer(metadata, headers, await text(body));
  }

  /** The address of objects, as the SDK would send a request about one, and what signs. */
  async function learned() {
    const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: PROBE });
    let found: unknown;
    command.middlewareStack.add(
      () => async (args) => {
        found = args.request;
        return { output: { $metadata: {} }, response: {} };
      },
      { step: "build", priority: "low", name: "probe" },
    );
    await client.send(command);
    if (!isRequest(found)) throw new Error("the SDK made no request");
    const { protocol, hostname, port, path } = found;
    const signer = await config.signer();
    return { protocol, hostname, port, path: path.slice(0, -PROBE.length), signer };
  }
}

async function ended({ headers, body }: Answer): Promise<PutAnswer> {
  body.resume();
  await finished(body);
  return headers;
}

/** A key in a path, as it is signed. */
function pathOf(key: string): string {
  const code = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, code);
}
