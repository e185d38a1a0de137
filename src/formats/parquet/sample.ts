import { Failure } from "../../errors.ts";
import { insteadOf } from "../strategies/instead-of.ts";
import type { SampleRequest, SampleStream, Strategy } from "../types.ts";
import { isSeekable, seekable, type SeekableSource } from "../seekable.ts";
import { type Footer, type IsNeeded, readFooter } from "./footer.ts";
import { hasMagic } from "./parquet.ts";
import { evenGroups, evenRows, firstRows, sampleGroups } from "./sample-groups.ts";

/** The first rows of a Parquet. */
export async function* sampleParquet(request: SampleRequest): SampleStream {
  const { limits } = request;
  const source = await seekable(request.source, "a Parquet");
  const footer = await footerOf(source, ({ rows }) => rows < limits.rows);
  return yield* sampleGroups(source, footer, request, firstRows);
}

/** A sample of it as a strategy draws it; a reason where that cannot be. */
export async function drawParquet(
  request: SampleRequest,
  strategy: Strategy,
): Promise<SampleStream | string> {
  const sample = await spreadParquet(request, strategy);
  if (strategy.name === "spread") return sample;
  return insteadOf("a reservoir", "its pages are not read through", sample);
}

/** Begins a spread over its row groups; returns the reason where there is only one part. */
async function spreadParquet(
  request: SampleRequest,
  { parts }: Strategy,
): Promise<SampleStream | string> {
  const { source, limits } = request;
  if (!isSeekable(source)) return "it cannot be read from its end";
  const most = Math.min(parts, limits.rows);
  if (most < 2) return "one row has no parts";
  const footer = await footerOf(source, evenGroups(most));
  if (footer.rows <= limits.rows) return "all of its rows are wanted";
  if (footer.groups.length < 2) return "it has one row group";
  return sampleGroups(source, footer, request, evenRows);
}

async function footerOf(source: SeekableSource, isNeeded: IsNeeded): Promise<Footer> {
  checkHead(await source.head());
  return readFooter(source, isNeeded);
}

function checkHead(head: Uint8Array): void {
  if (hasMagic(head, "1")) return;
  const what = hasMagic(head, "E")
    ? "an encrypted Parquet: it cannot be read without a key"
    : "not a Parquet: it does not begin with PAR1";
  throw new Failure("FORMAT_INVALID", what);
}
