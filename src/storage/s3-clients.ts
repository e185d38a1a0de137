import type * as S3 from "@aws-sdk/client-s3";
import { type Agents, type AgentOptions, checkHost, createAgents } from "./agents.ts";
import type { Endpoint } from "./endpoints.ts";
import { readKeyFile } from "./key-file.ts";

/** The SDK, and a client of it. */
export interface Connection {
  readonly client: S3.S3Client;
  readonly sdk: typeof S3;
}

/** Gives the connection to an endpoint; to AWS, or what the environment names, for undefined. */
export type Connect = (endpoint: Endpoint | undefined) => Promise<Connection>;

/** Options of `createConnect`. */
export interface ConnectOptions extends AgentOptions {
  /** Time without a byte in either direction after which a request ends, ms; for ever by default. */
  readonly idleMs?: number | undefined;
}

/** Time for which keys of a file are used before it is read again, ms; the SDK looks 5 minutes before. */
const KEYS_MS = 10 * 60_000;

/**
 * Makes the function that connects: one client for each endpoint, made when it is first asked for. The
 * SDK is loaded then, too. What may be reached holds for what no endpoint names: those are trusted.
 */
export function createConnect({ ca, guard, idleMs }: ConnectOptions): Connect {
  const made = new Map<Endpoint | undefined, Promise<Connection>>();
  return (endpoint) => {
    const connection = made.get(endpoint) ?? connect(endpoint);
    made.set(endpoint, connection);
    return connection;
  };

  async function connect(endpoint: Endpoint | undefined): Promise<Connection> {
    const sdk = await import("@aws-sdk/client-s3");
    const options = endpoint === undefined ? { ca, guard } : { ca };
    const agents = { ...createAgents(options), idleMs };
    const client =
      endpoint === undefined
        ? await createUsual(sdk, agents)
        : new sdk.S3Client({ ...common(agents), ...(await optionsOf(endpoint)) });
    client.middlewareStack.add(
      (next) => (args) => {
        if (isRequest(args.request)) checkHost(args.request, options.guard);
        return next(args);
      },
      { step: "build", name: "guard" },
    );
    return { client, sdk };
  }
}

/** A request as the SDK is about to send it. */
export interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** Narrows what the SDK is about to send. */
export function isRequest(request: unknown): request is SdkRequest {
  return typeof request === "object" && request !== null && "hostname" in request;
}

type Connecting = Pick<Agents, "transient"> & Pick<ConnectOptions, "idleMs">;

/** Options of every client: the SDK tries nothing again, and sends no checksum that a store may not know. */
function common({ transient, idleMs }: Connecting): S3.S3ClientConfig {
  return {
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      httpAgent: transient.http,
      httpsAgent: transient.https,
      ...(idleMs === undefined ? {} : { socketTimeout: idleMs }),
    },
  };
}

/** By environment and profiles; the bucket says its region, where it is another one. */
async function createUsual({ S3Client }: typeof S3, agents: Connecting): Promise<S3.S3Client> {
  const { AWS_ENDPOINT_URL_S3: own, AWS_ENDPOINT_URL: any, AWS_DEFAULT_REGION } = process.env;
  // A service of one's own seldom has a name for each bucket.
  const forcePathStyle = (own ?? any ?? "") !== "";
  const options = { ...common(agents), forcePathStyle, followRegionRedirects: true };
  const client = new S3Client(options);
  const hasRegion = await client.config.region().catch(() => undefined);
  return hasRegion === undefined
    ? new S3Client({ ...options, region: AWS_DEFAULT_REGION ?? "us-east-1" })
    : client;
}

async function optionsOf(endpoint: Endpoint): Promise<S3.S3ClientConfig> {
  const { url, region, pathStyle = true, credentials } = endpoint;
  const options = { endpoint: url, region, forcePathStyle: pathStyle };
  if (credentials === undefined) return options;
  if ("profile" in credentials) {
    // Of this profile, or of none: the SDK's chain goes on to the machine's own.
    const { fromIni } = await import("@aws-sdk/credential-provider-ini");
    return { ...options, credentials: fromIni(credentials) };
  }
  const { keyFile } = credentials;
  return {
    ...options,
    credentials: async () => ({
      ...(await readKeyFile(keyFile)),
      expiration: new Date(Date.now() + KEYS_MS),
    }),
  };
}
