import { basename, join } from "node:path";
import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { recognise } from "../src/formats/index.ts";
import { decodeText } from "../src/lib/encoding.ts";
import { HEAD_BYTES, streamSource } from "../src/lib/source.ts";
import { defaultLimits, takeSample } from "../src/view/take-sample.ts";
import { readCorpus } from "./corpus.ts";

/** A text of a corpus whose extension was taken away. */
export interface SniffedText {
  readonly path: string;
  /** The format by the corpus. */
  readonly format: string;
  /** The format of its sample, by its content. */
  readonly guess: string;
  /** True where it was taken for csv, json or jsonl, and neither the corpus nor a parser agrees. */
  readonly isWrong: boolean;
  readonly head: Buffer;
}

/** Times that all texts are recognised, of which the fastest counts. */
const ROUNDS = 7;

const { signal } = new AbortController();
const request = { limits: defaultLimits, extensions: {}, signal, depth: 0 };

/** Samples each text of a corpus under a name that says nothing. */
export async function sniffCorpus(corpus: string, every = 1): Promise<readonly SniffedText[]> {
  const files = [...readCorpus(corpus).values()].flat().filter((_, i) => i % every === 0);
  const texts: SniffedText[] = [];
  for (const { path, format } of files) {
    const whole = readFileSync(join(corpus, path));
    const source = { ...sourceOf("text", whole), slice: sliceOf(whole) };
    const found = await recognise({ ...request, source, recognise });
    if (found.format.kind !== "text" || whole.length === 0) continue;
    const head = whole.subarray(0, HEAD_BYTES);
    const { bytes, summary } = await takeSample({ ...request, source });
    const guess = summary.format;
    texts.push({ path, format, guess, isWrong: isWrong(guess, format, bytes), head });
  }
  return texts;
}

/** Times of `recognise` in µs, on average: for known names, and for names that say nothing. */
export async function recogniseCost(
  texts: readonly SniffedText[],
): Promise<{ readonly named: number; readonly nameless: number }> {
  const time = async (nameOf: (text: SniffedText) => string): Promise<number> => {
    const sources = texts.map((text) => sourceOf(nameOf(text), text.head));
    const began = process.cpuUsage();
    for (const source of sources) await recognise({ ...request, source, recognise });
    const { user, system } = process.cpuUsage(began);
    return (user + system) / texts.length;
  };
  const [named, nameless] = [(text: SniffedText) => `${basename(text.path)}.csv`, () => "text"];
  // What is compiled first, and what others do meanwhile, is not what a daemon pays.
  const least = async (nameOf: (text: SniffedText) => string): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await time(nameOf));
    return Math.min(...times);
  };
  return { named: await least(named), nameless: await least(nameless) };
}

function isWrong(guess: string, format: string, sample: Buffer): boolean {
  if (guess === "csv") return format !== "csv" && format !== "tsv" && !isTable(sample);
  if (guess !== "json" && guess !== "jsonl") return false;
  return !/^jsonl?$/.test(format) && !isJson(guess, decodeText(sample));
}

/** True when another parser finds records of equal length with one of the delimiters. */
function isTable(sample: Buffer): boolean {
  const text = decodeText(sample);
  const options = { relax_quotes: true, comment: "#", skip_empty_lines: true };
  return ["\t", "|", ";", ","].some((delimiter) => {
    try {
      const records: string[][] = parse(text, { ...options, delimiter });
      return records.length > 1 && (records[0]?.length ?? 0) > 1;
    } catch {
      return false;
    }
  });
}

function isJson(guess: string, text: string): boolean {
  const values =
    guess === "json" ? [text] : text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const good = values.filter((value) => {
    try {
      JSON.parse(value);
      return true;
    } catch {
      return false;
    }
  });
  // A log of JSON has its odd line.
  return good.length >= 0.9 * values.length;
}

function sourceOf(name: string, bytes: Buffer): ReturnType<typeof streamSource> {
  return { ...streamSource(name, once(bytes)), stream: () => once(bytes) };
}

function sliceOf(bytes: Buffer): (start: number, end: number) => Promise<Uint8Array> {
  return async (start, end) => bytes.subarray(start, end);
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}
