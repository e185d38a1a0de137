/** An S3-compatible service, or an account at one. */
export interface Endpoint {
  /** The service's URL; buckets stand below it. */
  readonly url: string;
  readonly region: string;
  /** The bucket that lies here, and at no other endpoint. */
  readonly bucket?: string | undefined;
  /** The SDK's usual chain (environment, profiles, instance) where there are none. */
  readonly credentials?: Credentials | undefined;
  /** True, the default, where the bucket stands in the path; false where it stands in the host's name. */
  readonly pathStyle?: boolean | undefined;
}

/** A profile of the files that AWS's tools share, or a JSON file of our own. */
export type Credentials = { readonly profile: string } | { readonly keyFile: string };

/** Endpoints by name. */
export type Endpoints = Readonly<Record<string, Endpoint>>;

/**
 * Chooses where a bucket lies: the endpoint that names it, else the one with the name `default`; else
 * undefined, which is AWS, or what the environment and the profiles say.
 */
export function endpointOf(endpoints: Endpoints, bucket: string): Endpoint | undefined {
  const named = Object.values(endpoints).find((endpoint) => endpoint.bucket === bucket);
  if (named !== undefined) return named;
  return Object.hasOwn(endpoints, "default") ? endpoints["default"] : undefined;
}

/** Says which credentials an endpoint has, in words that name no secret. */
export function credentialsText(endpoint: Endpoint | undefined): string {
  const { credentials } = endpoint ?? {};
  if (credentials === undefined)
    return "credentials from the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE)";
  return "profile" in credentials
    ? `the credentials of profile ${credentials.profile}`
    : `the credentials in ${credentials.keyFile}`;
}
