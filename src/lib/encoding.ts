/** How a text's bytes are to be walked. */
export interface Encoding {
  /** Set for UTF-16, which has two bytes where others have one. */
  readonly utf16?: "le" | "be";
  /** Bytes of the byte order mark. */
  readonly bom: number;
  /** True where a carriage return alone ends a line (classic Mac OS). */
  readonly loneCr: boolean;
}

/** Decodes UTF-8 whole, without its byte order mark; throws TypeError where it is none. */
export const utf8 = new TextDecoder("utf-8", { fatal: true });

const LF = 0x0a;
const CR = 0x0d;

/** 1 for the control bytes that texts do not have. */
const oddBytes = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 || (byte >= 0x08 && byte <= 0x0d) || byte === 0x1b ? 0 : 1,
);

/**
 * Tells how to walk a text, from its first bytes: UTF-16 by its byte order mark or by the pattern
 * of its zero bytes, else an ASCII superset (UTF-8, Latin-1, Shift-JIS, …). A lone CR counts as a
 * line end only where lone CRs outnumber LFs.
 */
export function encodingOf(head: Uint8Array): Encoding {
  const utf16 = utf16Of(head);
  const bom = utf16Bom(head) ? 2 : head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const loneCr = prefersLoneCr(head, utf16);
  return utf16 === undefined ? { bom, loneCr } : { utf16, bom, loneCr };
}

/** What is looked at to tell text from binary. */
const LOOKED_AT_BYTES = 4096;

/**
 * Whether bytes read as text, by the first of them. `lenient` for a file that claims to be text by its name: a few
 * control bytes are then content, and only a third of them makes it binary.
 */
export function isText(bytes: Uint8Array, lenient = false): boolean {
  if (bytes.length === 0 || utf16Of(bytes) !== undefined) return true;
  const head = bytes.subarray(0, LOOKED_AT_BYTES);
  let odd = 0;
  for (let i = 0; i < head.length; i += 1) odd += oddBytes[head[i] as number] as number;
  return lenient ? odd * 3 <= head.length : odd * 20 <= head.length && !head.includes(0);
}

/** Decodes text for a person to read; what cannot be decoded becomes U+FFFD or Latin-1. */
export function decodeText(bytes: Uint8Array): string {
  const { utf16, bom } = encodingOf(bytes);
  const body = bytes.subarray(bom);
  if (utf16 !== undefined) return new TextDecoder(`utf-16${utf16}`).decode(body);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body, { stream: true });
  } catch {
    return Buffer.from(body).toString("latin1");
  }
}

function utf16Bom(head: Uint8Array): boolean {
  return (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
}

function utf16Of(head: Uint8Array): "le" | "be" | undefined {
  if (utf16Bom(head)) return head[0] === 0xff ? "le" : "be";
  const pairs = Math.min(head.length >> 1, 2048);
  if (pairs < 4 || !head.subarray(0, 2 * pairs).includes(0)) return undefined;
  let even = 0;
  let odd = 0;
  for (let i = 0; i < pairs; i += 1) {
    if (head[2 * i] === 0) even += 1;
    if (head[2 * i + 1] === 0) odd += 1;
  }
  if (odd > 0.6 * pairs && even < 0.05 * pairs) return "le";
  if (even > 0.6 * pairs && odd < 0.05 * pairs) return "be";
  return undefined;
}

function prefersLoneCr(head: Uint8Array, utf16: "le" | "be" | undefined): boolean {
  const first = head.indexOf(CR);
  if (first < 0) return false;
  const step = utf16 === undefined ? 1 : 2;
  const low = utf16 === "be" ? 1 : 0;
  let lone = 0;
  let feeds = 0;
  for (let i = low; i < head.length; i += step) {
    if (head[i] === LF) feeds += 1;
    else if (head[i] === CR && i + step < head.length && head[i + step] !== LF) lone += 1;
  }
  return lone > feeds;
}
