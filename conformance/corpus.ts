import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const INDEX = "INDEX.tsv";

/** A file of the corpus, as its index has it. */
export interface CorpusFile {
  /** Relative to the corpus. */
  readonly path: string;
  readonly format: string;
  /** `valid`, `odd`, `corrupt` or `hostile`. */
  readonly class: string;
  /** Facts that other tools found in it. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** True where a directory holds a corpus. */
export function isCorpus(directory: string): boolean {
  return existsSync(join(directory, INDEX));
}

/** Every file of a corpus by its format, in the index's order. */
export function readCorpus(directory: string): Map<string, CorpusFile[]> {
  const [head = "", ...lines] = readFileSync(join(directory, INDEX), "utf8").trimEnd().split("\n");
  const columns = head.split("\t");
  const byFormat = new Map<string, CorpusFile[]>();
  for (const line of lines) {
    const fields = line.split("\t");
    const field = (name: string) => fields[columns.indexOf(name)] ?? "";
    const format = field("format");
    const files = byFormat.get(format) ?? [];
    byFormat.set(format, files);
    const facts = JSON.parse(field("facts") || "{}") as CorpusFile["facts"];
    files.push({ path: field("path"), format, class: field("class"), facts });
  }
  return byFormat;
}
