import type { LineRule } from "../../lib/line-records.ts";
import type { Format } from "../types.ts";
import { fastqRule } from "./fastq.ts";
import { recordsOfLines, type RuleOf } from "./lines.ts";
import { sqlRule } from "./sql.ts";

/** A family of texts: lines, and what is a header and a record among them. */
interface Family {
  readonly name: string;
  readonly extensions: string;
  /** Matches the beginning of a text of this family whose name says nothing. */
  readonly begins?: RegExp;
  readonly ruleOf: RuleOf;
}

/** Records of a line each, below a header. */
function below(header: RegExp): RuleOf {
  return () => ({ isHeader: (line) => header.test(line), starts: () => true });
}

/** Records that begin with a line. */
function from(start: RegExp, header?: RegExp): RuleOf {
  const rule = { starts: (line: string) => start.test(line) };
  return () => (header === undefined ? rule : { ...rule, isHeader: (line) => header.test(line) });
}

/** Records with blank lines between them. */
function paragraphs(header: RegExp): RuleOf {
  return () => ({
    isHeader: (line) => header.test(line),
    starts: (_, afterBlank) => afterBlank,
  });
}

/** Records that are YAML documents, where a text has several; else its lines are. */
function documents(beginning: string): LineRule | undefined {
  const isBorder = (line: string) => /^---(\s|$)/.test(line);
  const found = beginning.split(/\r?\n/);
  const first = found.findIndex((line) => !isBorder(line) && /^[^#%\s]/.test(line));
  return found.slice(first).some(isBorder)
    ? { isHeader: (line) => /^([#%]|\s*$)/.test(line), starts: isBorder }
    : undefined;
}

/** Bytes of a text that are looked at for its family. */
const SNIFFED_BYTES = 1024;

const families: readonly Family[] = [
  { name: "vcf", extensions: "vcf", begins: /^##fileformat=VCF/, ruleOf: below(/^#/) },
  { name: "sam", extensions: "sam", begins: /^@(HD|SQ|RG|PG|CO)\t/, ruleOf: below(/^@[A-Z]{2}\t/) },
  {
    name: "gff",
    extensions: "gff gff2 gff3 gtf gvf",
    begins: /^##(gff|gvf)-version/,
    ruleOf: below(/^#/),
  },
  {
    name: "bed",
    extensions: "bed bedgraph bedpe narrowpeak broadpeak wig",
    begins: /^track /,
    ruleOf: below(/^(#|track\b|browser\b)/),
  },
  {
    name: "fasta",
    extensions: "fasta fa fna ffn faa frn fas",
    begins: /^>[^\r\n]*\r?\n[A-Za-z*-]+\r?\n([A-Za-z*-]+\r?\n)*(>|[A-Za-z*-]*$)/,
    ruleOf: from(/^>/, /^;/),
  },
  {
    name: "fastq",
    extensions: "fastq fq",
    begins: /^@[^\r\n]+\r?\n[A-Za-z.*-]+\r?\n\+/,
    ruleOf: fastqRule,
  },
  {
    name: "ldif",
    extensions: "ldif",
    begins: /^(version: *1\r?\n\s*)?dn::? /,
    ruleOf: paragraphs(/^(version:|#|\s*$)/),
  },
  {
    name: "mbox",
    extensions: "mbox mbx",
    begins: /^From \S+ +[A-Z][a-z]{2} [A-Z][a-z]{2} /,
    ruleOf: () => ({
      starts: (line, afterBlank) => afterBlank && /^From \S+.*\d\d:\d\d/.test(line),
    }),
  },
  { name: "eml", extensions: "eml", ruleOf: below(/^([!-9;-~]+:|[ \t]+\S)/) },
  {
    name: "srt",
    extensions: "srt vtt",
    begins: /^(WEBVTT|\d+\r?\n\d\d:\d\d:\d\d,\d{3} -->)/,
    ruleOf: paragraphs(/^(WEBVTT|NOTE\b|\s*$)/),
  },
  { name: "yaml", extensions: "yaml yml", ruleOf: documents },
  { name: "sql", extensions: "sql ddl", ruleOf: sqlRule },
];

/** The formats of these families, in order of priority. */
export const lineFormats: readonly Format[] = families.map(formatOf);

/** The family that a text reads as, by its first KiB; undefined for any other. */
export function lineFormatIn(text: Uint8Array): Format | undefined {
  const head = Buffer.from(text.buffer, text.byteOffset, Math.min(text.length, SNIFFED_BYTES));
  const beginning = head.toString("latin1");
  return lineFormats[families.findIndex(({ begins }) => begins?.test(beginning) === true)];
}

function formatOf({ name, extensions, ruleOf }: Family): Format {
  return {
    name,
    extensions: extensions.split(" ").map((extension) => `.${extension}`),
    kind: "text",
    sample: (request) => recordsOfLines(request, name, ruleOf),
  };
}
