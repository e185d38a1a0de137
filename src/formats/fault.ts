import { errorMessage, Failure, systemErrorIn } from "../errors.ts";

/**
 * What is wrong with a file, from an error met while decoding a part of it that can be done
 * without. An error that is not the file's fault (storage, abort) is thrown again.
 */
export function faultOf(error: unknown, signal: AbortSignal): string {
  const isOfFile = error instanceof Failure ? isContent(error) : systemErrorIn(error) === undefined;
  if (signal.aborted || !isOfFile) throw error;
  return errorMessage(error);
}

function isContent({ code }: Failure): boolean {
  return code === "FORMAT_INVALID" || code === "LIMIT_EXCEEDED";
}
