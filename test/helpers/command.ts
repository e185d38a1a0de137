import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { runProgram } from "../../src/cli/program.ts";
import type { World } from "./world.ts";

/** Runs a command in this process, which takes a tenth of the time that another one takes. */
export async function command(
  world: World,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  world.close();
  const [out, err] = [new PassThrough(), new PassThrough()];
  const [stdout, stderr] = [text(out), text(err)];
  const streams = { out, err } as unknown as { out: NodeJS.WriteStream; err: NodeJS.WriteStream };
  const env = { STAGING_SAMPLER_CONFIG: world.config };
  const code = await runProgram(args, { ...streams, env, exitNow: () => undefined });
  out.end();
  err.end();
  return { code, stdout: await stdout, stderr: await stderr };
}
