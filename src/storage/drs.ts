import { Failure } from "../errors.ts";
import { redacted } from "./location.ts";
import { readText } from "./read-text.ts";
import type { Digests, ReadRequest, Reply, Storage } from "./types.ts";

/** Bytes that a service's answer may have. */
const MOST_BYTES = 1024 ** 2;
/** Objects whose URL is remembered. */
const MOST_KNOWN = 1000;

/** An object of a DRS service, as far as it is of use. */
interface DrsObject {
  readonly name?: string;
  readonly size?: number;
  readonly checksums?: readonly { readonly type: string; readonly checksum: string }[];
  readonly access_methods?: readonly {
    readonly type: string;
    readonly access_url?: AccessUrl;
    readonly access_id?: string;
  }[];
}

interface AccessUrl {
  readonly url: string;
  readonly headers?: readonly string[];
}

/** A place that an object can be read at, and what its service says of its bytes. */
interface Resolved {
  readonly url: URL;
  readonly name: string | undefined;
  readonly size: number | undefined;
  readonly offered: Digests;
}

/**
 * Makes the storage of objects that a GA4GH Data Repository Service knows (DRS 1.2): `drs://host/id`.
 * The service names a URL, which is asked for again once it has expired, the size and hashes.
 */
export function createDrs(http: Storage): Storage {
  const known = new Map<string, Resolved>();
  return { protocols: ["drs:"], read };

  async function read(url: URL, request: ReadRequest): Promise<Reply> {
    const before = known.get(url.href);
    try {
      return await readAt(before ?? (await resolve(url, request)), request);
    } catch (error) {
      const isOver = error instanceof Failure && error.code === "URL_EXPIRED";
      known.delete(url.href);
      if (!isOver || before === undefined) throw error;
      return await readAt(await resolve(url, request), request);
    }
  }

  async function readAt(
    { url, name, size, offered }: Resolved,
    request: ReadRequest,
  ): Promise<Reply> {
    const reply = await http.read(url, request);
    return { ...reply, name, size: reply.size ?? size, offered: { ...reply.offered, ...offered } };
  }

  async function resolve(url: URL, request: ReadRequest): Promise<Resolved> {
    const object = new URL(`https://${url.host}/ga4gh/drs/v1/objects${url.pathname}`);
    const {
      name,
      size,
      checksums = [],
      access_methods: methods = [],
    } = await answered<DrsObject>(object, request);
    const method = methods.find(({ type, access_url: at }) => type === "https" || isWeb(at?.url));
    if (method === undefined)
      throw new Failure("UNREACHABLE", `${redacted(url)}: its service offers no https to read it`);
    const at =
      method.access_url ??
      (await answered<AccessUrl>(new URL(`${object.href}/access/${method.access_id}`), request));
    if (at.headers !== undefined && at.headers.length > 0)
      throw new Failure(
        "FORBIDDEN",
        `${redacted(url)}: its service wants headers of its own, which are not sent`,
      );
    if (!/^https?:\/\//i.test(at.url) || !URL.canParse(at.url))
      throw new Failure("UNREACHABLE", `${redacted(url)}: its service names no URL to read it at`);
    const found = { url: new URL(at.url), name, size, offered: digestsOf(checksums) };
    known.set(url.href, found);
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
    return found;
  }

  async function answered<T>(url: URL, { stallMs, signal }: ReadRequest): Promise<T> {
    const reply = await http.read(url, { start: 0, version: undefined, stallMs, signal });
    const answer = parsed(await readText(reply, MOST_BYTES, url));
    if (typeof answer === "object" && answer !== null) return answer as T;
    throw new Failure("UNREACHABLE", `${url.host} does not answer as a DRS service does`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isWeb(url: string | undefined): boolean {
  return url !== undefined && /^https:\/\//i.test(url);
}

function digestsOf(checksums: NonNullable<DrsObject["checksums"]>): Digests {
  const of = (name: RegExp) =>
    checksums.find(({ type }) => name.test(type))?.checksum.toLowerCase();
  const [sha256, md5] = [of(/^sha-?256$/i), of(/^md5$/i)];
  return { ...(sha256 === undefined ? {} : { sha256 }), ...(md5 === undefined ? {} : { md5 }) };
}
