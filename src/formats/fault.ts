import { errorMessage, Failure, systemErrorIn } from "../errors.ts";

/**
 * Returns what is wrong with a file, from an error met while decoding a part of it that the sample
 * can do without.
 * @throws the error itself where it is not the file's fault (storage, abort)
 */
export function faultOf(error: unknown, signal: AbortSignal): string {
  const isOfFile = error instanceof Failure ? isContent(error) : systemErrorIn(error) === undefined;
  if (signal.aborted || !isOfFile) throw error;
  return errorMessage(error);
}

function isContent({ code }: Failure): boolean {
  return code === "FORMAT_INVALID" || code === "LIMIT_EXCEEDED";
}
