import { shownBronze } from "../lib/bronze-url.ts";
import { counted, printable } from "../lib/text.ts";
import { detailsOf } from "../samples/findings.ts";
import type { PassEvent } from "../sampling/events.ts";

/** The things that hooks are told of; as `hooks.*` names them. */
export const hookNames = ["finding", "failure"] as const;
/** One of them. */
export type HookName = (typeof hookNames)[number];

/** One thing to tell, with a line that says it to people. Quotes no content of a masked file. */
export interface Told {
  readonly fields: object;
  readonly line: string;
}

/** Things of one kind. */
export interface Gathered {
  readonly hook: HookName;
  /** The first of them. */
  readonly told: readonly Told[];
  /** Number of all of them. */
  readonly count: number;
}

/** Lines of `text` that name something, at most; and details of a finding in one. */
const LINES = 10;
const DETAILS = 5;

/** The thing that an event has to tell: a finding, or an entry that failed for good; else undefined. */
export function toldBy(event: PassEvent): { hook: HookName; told: () => Told } | undefined {
  if (event.type === "finding") return { hook: "finding", told: () => toldFinding(event) };
  if (event.type !== "settled" || event.settled.nextAt !== null) return undefined;
  const { claim, outcome } = event.settled;
  if (outcome.outcome !== "failed") return undefined;
  const { dataset, raw, bronze } = claim.job;
  const { code, message } = outcome;
  return {
    hook: "failure",
    told: () => ({
      fields: {
        at: new Date().toISOString(),
        dataset,
        raw,
        bronze: shownBronze(bronze),
        code,
        message,
        tries: claim.attempts + 1,
      },
      line: `${dataset} ${raw}: ${code}: ${message}`,
    }),
  };
}

function toldFinding({ dataset, finding }: PassEvent & { type: "finding" }): Told {
  const details = detailsOf(finding).slice(0, DETAILS).join("; ");
  const word = finding.kind === "drift" ? "differs" : `contract ${finding.result}`;
  return {
    fields: { dataset, ...finding },
    line: `${dataset} ${finding.raw}: ${word}: ${details}`,
  };
}

/** The document that a hook gets; `about` says where it comes from. */
export function documentOf(
  { hook, told, count }: Gathered,
  about: object & { host: string },
): object {
  const what = {
    finding: counted(count, "finding"),
    failure: `${counted(count, "file")} failed for good`,
  };
  const lines = told.slice(0, LINES).map(({ line }) => printable(line));
  const rest = count - lines.length;
  const text = [
    `Staging Sampler on ${about.host}: ${what[hook]}`,
    ...lines,
    ...(rest === 0 ? [] : [`and ${rest} more`]),
  ].join("\n");
  const list = told.map(({ fields }) => fields);
  return {
    hook,
    at: new Date().toISOString(),
    ...about,
    count,
    text,
    [hook === "finding" ? "findings" : "failures"]: list,
  };
}
