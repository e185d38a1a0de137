import { spawn } from "node:child_process";
import type { Context } from "../command.ts";
import { errorCode } from "../../errors.ts";
import { writeAll } from "./write.ts";

/**
 * Options of `less` unless $LESS has others: colours, long lines cut, and the text stays on the
 * screen.
 */
const LESS = "FRSX";

/**
 * Writes text; through $PAGER, or `less`, where a terminal is too small for it. Resolves once the
 * person has seen enough. `isWanted`: false to have no pager.
 */
export async function page(context: Context, text: string, isWanted: boolean): Promise<void> {
  const { out, env } = context;
  const pager = env["PAGER"] ?? "less";
  // A terminal that does not know its size has 0 rows.
  const isLong = text.split("\n").length > (out.rows || Infinity);
  if (!isWanted || !out.isTTY || !isLong || pager.trim() === "" || env["TERM"] === "dumb")
    return writeAll(context, text);
  if (!(await shownBy(pager, text, { LESS, ...env }))) await writeAll(context, text);
}

/** Shows text in the pager; false when that could not be started. */
async function shownBy(pager: string, text: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  // Ctrl-C is for the pager.
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  try {
    // It may have options.
    const child = spawn("sh", ["-c", pager], { env, stdio: ["pipe", "inherit", "inherit"] });
    child.stdin.on("error", (error) => {
      // Who leaves before the end has seen enough.
      if (errorCode(error) !== "EPIPE") child.kill();
    });
    child.stdin.end(text);
    const code = await new Promise<number | null>((resolve) => {
      child.on("error", () => resolve(NOT_FOUND)).on("close", resolve);
    });
    return code !== NOT_FOUND;
  } finally {
    process.off("SIGINT", ignore);
  }
}

/** Exit code of a shell for a program that is not there. */
const NOT_FOUND = 127;
