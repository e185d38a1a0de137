import { errorCode, errorMessage, Failure, type FailureCode } from "../errors.ts";

const hints: Readonly<Record<string, string>> = {
  EFBIG: "a limit of file sizes: check LimitFSIZE or ulimit -f",
  EIO: "the storage fails",
  EMFILE: "too many open files: check LimitNOFILE or ulimit -n",
  ENFILE: "too many open files on this machine",
  ESTALE: "the file server has another file there now, or lost its export",
};

/** The Failure for an error while writing below `samples/`. */
export function outputFailure(error: unknown, target: string): unknown {
  const errno = errorCode(error);
  if (error instanceof Failure || errno === undefined) return error;
  const full = errno === "ENOSPC" || errno === "EDQUOT";
  const hint = full ? "make room; work goes on with the next pass" : hints[errno];
  const message = `cannot write ${target}: ${systemMessage(error)} (${hint ?? "check owner and mode"})`;
  return new Failure(full ? "OUTPUT_FULL" : "OUTPUT_UNWRITABLE", message, { cause: error });
}

/** Does work that writes to `target`. @throws Failure as of `outputFailure` */
export async function writing<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw outputFailure(error, target);
  }
}

/** Code and message of an error while writing below `samples/`. */
export function outputError(error: unknown): {
  readonly code: FailureCode;
  readonly message: string;
} {
  const code = error instanceof Failure ? error.code : "OUTPUT_UNWRITABLE";
  return { code, message: errorMessage(error) };
}

/** Codes for a name that a file system does not take in any directory. */
const nameErrors = /^(EINVAL|EPERM|EILSEQ|ENAMETOOLONG|EISDIR|ENOTDIR|EEXIST|ENOTEMPTY)$/;

/**
 * The Failure for an error that may be one name's own fault, in a directory that can be written
 * otherwise: a character that the file system refuses, a file that may not be replaced.
 */
export function nameFailure(error: unknown, target: string): unknown {
  if (error instanceof Failure || !nameErrors.test(errorCode(error) ?? "")) {
    return outputFailure(error, target);
  }
  const message = `${target}: the file system refuses this name, or what has it: ${systemMessage(error)}`;
  return new Failure("PATH_REFUSED", message, { cause: error });
}

/** The message of an error, without the path of a held directory, which means nothing to people. */
export function systemMessage(error: unknown): string {
  return errorMessage(error).replaceAll(/ (-> )?'\/proc\/self\/fd\/[^']*'/g, "");
}
