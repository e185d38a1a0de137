import { isDeepStrictEqual } from "node:util";
import { Failure } from "../errors.ts";

/** Most that a bucket's policy may have, bytes. */
const MOST_BYTES = 20 * 1024;

/** A staging in a bucket, and who may read it. */
export interface Grant {
  readonly id: string;
  readonly bucket: string;
  /** Accounts, 12 digits each, or ARNs. */
  readonly accounts: readonly string[];
  /** `aws`, or that of AWS in China and of its GovCloud. */
  readonly partition: string;
}

type Statement = Readonly<Record<string, unknown>>;

interface Policy {
  readonly Statement: readonly Statement[];
  readonly [name: string]: unknown;
}

/** Checks accounts as a person names them: 12 digits, or an ARN. @throws Failure USAGE */
export function checkAccounts(accounts: readonly string[]): void {
  const wrong = accounts.find((each) => !/^(\d{12}|arn:[\w-]+:(iam|sts):[!-~]+)$/.test(each));
  if (wrong !== undefined)
    throw new Failure("USAGE", `--allow-accounts: ${wrong} is neither 12 digits nor an ARN`);
}

/** The partition of AWS that a region is in; other stores use the first one's name. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/**
 * A bucket's policy with a staging's grant in it, beside what others wrote; the same text where it has it.
 * @throws Failure FORMAT_INVALID for one that is none; LIMIT_EXCEEDED where it gets too long
 */
export function withGrant(text: string | undefined, grant: Grant): string {
  const policy = policyIn(text, grant.bucket);
  const own = statementFor(grant);
  if (text !== undefined && policy.Statement.some((each) => isSame(each, own))) return text;
  const Statement = [...others(policy, grant.id), own];
  const next = JSON.stringify({ ...policy, Statement });
  if (Buffer.byteLength(next) <= MOST_BYTES) return next;
  const hint = "delete stagings that others may read, or allow fewer accounts at once";
  const message = `the policy of s3://${grant.bucket} would have ${Buffer.byteLength(next)} bytes`;
  throw new Failure("LIMIT_EXCEEDED", `${message}, and ${MOST_BYTES} are allowed: ${hint}`);
}

/** The policy without a staging's grant; undefined where nothing is left. @throws Failure FORMAT_INVALID */
export function withoutGrant(
  text: string,
  { id, bucket }: Pick<Grant, "id" | "bucket">,
): string | undefined {
  const policy = policyIn(text, bucket);
  const Statement = others(policy, id);
  if (Statement.length === policy.Statement.length) return text;
  return Statement.length === 0 ? undefined : JSON.stringify({ ...policy, Statement });
}

function policyIn(text: string | undefined, bucket: string): Policy {
  if (text === undefined) return { Version: "2012-10-17", Statement: [] };
  try {
    const policy = JSON.parse(text) as Policy;
    // One statement need not be in a list.
    return { ...policy, Statement: [policy.Statement].flat() };
  } catch (error) {
    const message = `the policy of s3://${bucket} is no JSON`;
    throw new Failure("FORMAT_INVALID", message, { cause: error });
  }
}

function others({ Statement }: Policy, id: string): readonly Statement[] {
  return Statement.filter((each) => each["Sid"] !== sidOf(id));
}

/** Letters and digits only. */
function sidOf(id: string): string {
  return `StagingSampler${id.replace("stage-", "")}`;
}

/** A store may write a list of one as that one, and in another order. */
function isSame(one: Statement, other: Statement): boolean {
  return isDeepStrictEqual(plain(one), plain(other));
}

function plain({ Principal, ...rest }: Statement) {
  const { AWS = Principal } = (Principal ?? {}) as { readonly AWS?: unknown };
  const listed = Object.entries(rest).map(([name, value]) => [name, [value].flat()]);
  return { ...Object.fromEntries(listed), Principal: [AWS].flat().toSorted() };
}

function statementFor({ id, bucket, accounts, partition }: Grant) {
  const AWS = accounts.map((each) =>
    /^\d+$/.test(each) ? `arn:${partition}:iam::${each}:root` : each,
  );
  return {
    Sid: sidOf(id),
    Effect: "Allow",
    Principal: { AWS },
    Action: "s3:GetObject",
    Resource: `arn:${partition}:s3:::${bucket}/${id}/*`,
  };
}
