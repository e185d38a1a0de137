import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { isCorpus } from "../../conformance/corpus.ts";
import { type Source } from "../../src/lib/source.ts";
import { sampleBytes, sampleOf, sampleSource } from "../helpers/sample.ts";

const corpus = "/work/shared/corpus";

/** Has expat read files; returns the errors, null for a well-formed one. */
function expatErrors(paths: readonly string[]): (string | null)[] {
  const script = `
import json, sys
from xml.parsers import expat
def error(path):
    try: expat.ParserCreate().Parse(open(path, "rb").read(), True)
    except Exception as error: return str(error)
print(json.dumps([error(path) for path in json.load(sys.stdin)]))`;
  const input = JSON.stringify(paths);
  return JSON.parse(execFileSync("python3", ["-c", script], { input, encoding: "utf8" }));
}

test("the first children of one name are kept, and what is open is closed", async () => {
  const { bytes, summary } = await sampleOf(
    "a.xml",
    "<r><h/><g>\n<a>1</a> <b/> <a>2</a><!-- c --> <a>3</a></g><z/></r>",
    { limits: { rows: 2 } },
  );
  expect(bytes.toString()).toBe("<r><h/><g>\n<a>1</a> <b/> <a>2</a></g></r>");
  expect(summary).toMatchObject({ format: "xml", rows: 2, complete: false, cut: "rows" });
});

test("a sample ends before it is too large, and the first element is kept whatever its size", async () => {
  const text = `<r><a>${"x".repeat(50)}</a><a>y</a></r>`;
  const cut = async (bytes: number) => {
    const sample = await sampleOf("a.xml", text, { limits: { bytes } });
    return [sample.bytes.toString(), sample.summary.cut];
  };
  const first = `<r><a>${"x".repeat(50)}</a></r>`;
  expect(await cut(text.length)).toEqual([text, undefined]);
  expect(await cut(text.length - 1)).toEqual([first, "bytes"]);
  expect(await cut(10)).toEqual([first, "bytes"]);
  const limits = { recordBytes: 20 };
  expect(await sampleBytes("a.xml", Buffer.from(text), { limits })).toMatchObject({
    reason: "an element is larger than 20 bytes",
  });
});

test("what is not well-formed is kept up to there, with a warning", async () => {
  const { bytes, summary } = await sampleOf("a.xml", "<r>\n<a/>\n<b></c>\n</r>");
  expect(bytes.toString()).toBe("<r>\n<a/></r>");
  expect(summary.warnings).toEqual([
    "not well-formed XML: c is not open, at offset 12; what came before is kept",
  ]);
});

test("of a gigabyte no more is read than a mebibyte, whether rows or bytes end it", async () => {
  for (const size of [100, 100_000]) {
    const record = Buffer.from(`<row><v>${"x".repeat(size)}</v></row>\n`);
    const chunk = Buffer.concat(Array(Math.ceil(65_536 / record.length)).fill(record));
    let read = 0;
    const stream = async function* () {
      for (yield Buffer.from("<rows>"); read < 2 ** 30; read += chunk.length) yield chunk;
    };
    const head = Buffer.concat([Buffer.from("<rows>"), chunk]).subarray(0, 65_536);
    const source: Source = { name: "a.xml", size: 2 ** 30, head: async () => head, stream };
    const result = await sampleSource(source);
    expect(result).toMatchObject({ kind: "sample", summary: { format: "xml", complete: false } });
    expect(read).toBeLessThanOrEqual(2 ** 20);
  }
});

test("samples of the well-formed files of a corpus are well-formed", async (context) => {
  if (!isCorpus(corpus)) return context.skip(`there is no corpus at ${corpus}`);
  const directory = mkdtempSync(join(tmpdir(), "staging-sampler-xml-"));
  try {
    const paths = globSync("xml/**/*.*", { cwd: corpus }).map((path) => join(corpus, path));
    const errors = expatErrors(paths);
    const samples: string[] = [];
    let cut = 0;
    for (const [i, path] of paths.entries()) {
      const result = await sampleBytes("a.xml", readFileSync(path), { limits: { rows: 3 } });
      if (errors[i] !== null || result.kind !== "sample") continue;
      expect(result.summary, path).toMatchObject({ format: "xml", warnings: [] });
      if (!result.summary.complete) cut += 1;
      const sample = join(directory, `${i}.xml`);
      writeFileSync(sample, result.bytes);
      samples.push(sample);
    }
    expect(samples.length).toBeGreaterThan(60);
    expect(cut).toBeGreaterThan(10);
    expect(expatErrors(samples).filter((error) => error !== null)).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
