import { type Footer, footerFaults, readFooter, rowsOf } from "./footer.ts";
import type { Helper } from "./helper.ts";
import type { Receipt } from "./product.ts";
import { ALL_ROWS, columnsFault, type Rows, SAMPLE_ROWS, valuesFault, wantedRows } from "./rows.ts";
import type { Judgement, ParquetFindings } from "./verdict.ts";

/** The readers of Parquet, by name. */
export type ParquetReaders = Readonly<Record<string, Helper>>;

/** The files of a corpus that a sample has to be exact of. */
export function isReadable(file: { readonly class: string }): boolean {
  return file.class === "valid" || file.class === "odd";
}

/** Judges a sample by its footer's bytes and by every reader that reads the original. */
export async function judgeParquet(
  readers: ParquetReaders,
  paths: { readonly original: string; readonly sample: string },
  receipt: Receipt,
): Promise<Judgement & { readonly parquet?: ParquetFindings }> {
  const original = footerOf(paths.original);
  if (typeof original === "string") return { verdict: "unjudged", why: original };
  const sample = footerOf(paths.sample);
  if (typeof sample === "string") return { verdict: "inexact", why: `of the sample: ${sample}` };
  const faults = footerFaults(original, sample).map((part) => `${part} differs`);
  let schemaExact = faults.length === 0;
  const equal: Record<string, boolean> = {};
  const refusals: string[] = [];
  const befores = await Promise.all(
    Object.entries(readers).map(async ([name, reader]) => {
      const before = await reader.ask<Rows>({ path: paths.original, limit: SAMPLE_ROWS });
      return { name, reader, before };
    }),
  );
  const counts = befores.map(({ before }) => ("error" in before ? 0 : before.rows.length));
  const judged = befores.map(async ({ name, reader, before }) => {
    if ("error" in before) return void refusals.push(`${name}: ${before.error}`);
    // A footer may count fewer rows than there are; some believe it.
    if (before.rows.length < Math.max(...counts)) return void refusals.push(`${name}: fewer rows`);
    const after = await reader.ask<Rows>({ path: paths.sample, limit: ALL_ROWS });
    if ("error" in after) {
      equal[name] = false;
      return void faults.push(`${name}: ${after.error}`);
    }
    const saysOther = columnsFault(before, after);
    const holdsOther = valuesFault(wantedRows(before, after, receipt.cut === "bytes"), after);
    const miscounts = countFault([original, sample], before, after);
    schemaExact &&= saysOther === undefined;
    equal[name] = holdsOther === undefined;
    const found = [saysOther, holdsOther, miscounts].filter((fault) => fault !== undefined);
    faults.push(...found.map((fault) => `${name}: ${fault}`));
  });
  await Promise.all(judged);

  const parquet = { schemaExact, equal };
  if (faults.length > 0) return { verdict: "inexact", why: faults.join("; "), parquet };
  if (refusals.length < judged.length) return { verdict: "exact", parquet };
  return { verdict: "unjudged", why: refusals.join("; "), parquet };
}

/** A sample's footer counts its rows, unless the original's does not either. */
function countFault(
  [original, sample]: readonly [Footer, Footer],
  before: Rows,
  after: Rows,
): string | undefined {
  if (rowsOf(sample) === after.rows.length) return undefined;
  if (Math.min(SAMPLE_ROWS, rowsOf(original)) !== before.rows.length) return undefined;
  return `the footer says ${rowsOf(sample)} rows, there are ${after.rows.length}`;
}

/** The footer, or why it cannot be read. */
function footerOf(path: string): Footer | string {
  try {
    return readFooter(path);
  } catch (error) {
    return String(error);
  }
}
