import { errorCode, Failure } from "../errors.ts";
import { meaningOf } from "./body.ts";
import { retryAfterMs } from "./headers.ts";
import { redacted } from "./location.ts";
import { Unavailable } from "./types.ts";

/** An answer that has no object in it, as the SDK throws it. */
export interface Refusal {
  readonly status: number;
  /** S3's word for it, such as `SlowDown`. */
  readonly word: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The object's size, where a range that lies outside says it, bytes. */
  readonly size: number | undefined;
  /** The region that the request should have been signed for, where the store says it. */
  readonly region: string | undefined;
  /** True where this machine's clock and the store's differ too much; the SDK heeds that from now on. */
  readonly isClock: boolean;
}

/** The request. */
export interface Asked {
  readonly url: URL;
  readonly signal: AbortSignal;
  /** Says which credentials were used. */
  readonly credentials: string;
}

/** The refusal in an error of the SDK; undefined where no answer came. */
export function refusalIn(error: unknown): Refusal | undefined {
  const { name, $metadata, $response, ActualObjectSize, Region } = error as SdkError;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  if (status === undefined) return undefined;
  // Anything can stand in an answer: only a word is shown.
  const word = /^\w{1,64}$/.test(name ?? "") && name !== "Unknown" ? (name as string) : "";
  const size = /^\d+$/.test(ActualObjectSize ?? "") ? Number(ActualObjectSize) : undefined;
  const region = /^[\w-]{1,64}$/.test(Region ?? "") ? Region : undefined;
  const isClock = word === "RequestTimeTooSkewed" || $metadata?.clockSkewCorrected === true;
  return { status, word, headers: $response?.headers ?? {}, size, region, isClock };
}

/** The error of the SDK for an answer that it did not read. */
export function errorOfAnswer(
  $metadata: NonNullable<SdkError["$metadata"]>,
  headers: Refusal["headers"],
  body: string,
): Error & SdkError {
  const said = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1];
  const region = said("Region");
  return Object.assign(new Error(said("Message") ?? ""), {
    name: said("Code") ?? "Unknown",
    $metadata,
    $response: { headers },
    ...(region === undefined ? {} : { Region: region }),
  });
}

interface SdkError {
  readonly name?: string;
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly clockSkewCorrected?: boolean;
  };
  readonly $response?: {
    readonly statusCode?: number;
    readonly headers?: Refusal["headers"];
  };
  readonly ActualObjectSize?: string;
  readonly Region?: string;
}

/** The error that one of the SDK means; one that is no answer and no connection's stays as it is. */
export function s3Error(error: unknown, asked: Asked): unknown {
  const { url, signal, credentials } = asked;
  if (signal.aborted) return signal.reason;
  if (error instanceof Failure || error instanceof Unavailable) return error;
  const refusal = refusalIn(error);
  if (refusal !== undefined) return refused(error as Error, refusal, asked);
  const { name = "", message = "" } = error as Partial<Error>;
  // What the SDK says of credentials can be what a program printed.
  if (name === "CredentialsProviderError")
    return /expired/i.test(message)
      ? new Failure("URL_EXPIRED", `${redacted(url)}: the time of ${credentials} is over`)
      : new Failure("FORBIDDEN", `${redacted(url)}: it needs ${credentials}: there are none`);
  const isOfConnection = errorCode(error) !== undefined || name === "TimeoutError";
  return isOfConnection ? meaningOf(error, url, signal) : error;
}

function refused({ message }: Error, refusal: Refusal, { url, credentials }: Asked): Error {
  const { status, word, headers, region, isClock } = refusal;
  const said = `${redacted(url)}: the store answers ${status}${word === "" ? "" : ` ${word}`}`;
  const isPassing = [408, 425, 429].includes(status) || status >= 500;
  if (isPassing || /^(SlowDown|RequestTimeout|Throttling\w*)$/.test(word)) {
    const retryMs = retryAfterMs(headers["retry-after"], Date.now());
    return new Unavailable(said, { retryMs });
  }
  if (isClock) return new Unavailable(`${said}: this machine's clock and the store's differ`);
  if (status === 404 || status === 410) return new Failure("FILE_MISSING", said);
  const isOver = /expired/i.test(word) || /expired/i.test(message);
  if ([400, 401, 403].includes(status) && isOver)
    return new Failure("URL_EXPIRED", `${said}: the time of ${credentials} is over`);
  if (status === 401 || status === 403)
    return new Failure("FORBIDDEN", `${said}; asked with ${credentials}`);
  return new Failure(
    "UNREACHABLE",
    region === undefined ? said : `${said}: its region is ${region}`,
  );
}
