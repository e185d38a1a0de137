import { PassThrough } from "node:stream";
import { text as streamText } from "node:stream/consumers";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { jsonText } from "../../src/lib/text.ts";
import { createWorld, rows } from "../helpers/world.ts";

/** Characters that a terminal obeys, and characters that change the direction of text. */
const bad = "\u001b[31m\u009b\u202e";
/** None of which a person is shown. */
// oxlint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

/** Runs a command whose stdout says that it is a terminal, or that it is none. */
async function ran(args: readonly string[], isTTY: boolean) {
  const out = Object.assign(new PassThrough(), { isTTY, columns: 400, rows: 100 });
  const err = new PassThrough();
  const [stdout, stderr] = [streamText(out), streamText(err)];
  const streams = { out, err } as unknown as { out: NodeJS.WriteStream; err: NodeJS.WriteStream };
  const env = { NO_COLOR: "1" };
  const code = await runProgram(args, { ...streams, env, exitNow: () => undefined });
  out.end();
  err.end();
  return { code, stdout: await stdout, stderr: await stderr };
}

test("list --csv is exact in a pipe; on a terminal neutral, and without formulas", async () => {
  await using world = await createWorld();
  const raws = [`raw/${bad}.csv`, '=HYPERLINK("x")', "@sum"];
  for (const raw of raws) await world.announce("gone.csv", { raw });
  await world.pass();
  world.close();
  const rawsOf = (csv: string) =>
    (parse(csv, { columns: true }) as { raw: string }[]).map(({ raw }) => raw);
  const args = ["list", "--csv", "--config", world.config];
  const piped = await ran(args, false);
  expect(rawsOf(piped.stdout).toSorted()).toEqual(raws.toSorted());
  const shown = await ran(args, true);
  expect(shown.stdout).not.toMatch(unsafe);
  expect(rawsOf(shown.stdout)).toEqual(['\'=HYPERLINK("x")', "'@sum", "raw/·[31m··.csv"]);
});

test("--json is neutral wherever it goes, and says the same as ever", async () => {
  await using world = await createWorld();
  await world.put(`${bad}.csv`, rows(3));
  await world.announce(`gone${bad}.csv`);
  await world.pass();
  world.close();
  const raw = `raw/${bad}.csv`;
  const commands = [["list"], ["failures"], ["show", raw], ["explain", raw], ["status"]];
  for (const isTTY of [true, false]) {
    for (const command of commands) {
      const { stdout } = await ran([...command, "--json", "--config", world.config], isTTY);
      expect(stdout, command[0]).not.toMatch(unsafe);
      expect(JSON.stringify(JSON.parse(stdout)), command[0]).toContain(
        JSON.stringify(bad).slice(1, -1),
      );
    }
  }
  expect(JSON.parse(jsonText({ [bad]: [bad, "\u2028\ufeff", "\n"] }, 2))).toEqual({
    [bad]: [bad, "\u2028\ufeff", "\n"],
  });
});

test.each([
  [["list", `--${bad}`]],
  [["list", "--outcome", bad]],
  [["list", "--since", bad]],
  [["list", "--dataset", bad]],
  [["list", `raw/${bad}`]],
  [["explain", bad]],
  [["show", bad]],
  [["preview", bad]],
  [["preview", "/dev/null", "--format", bad]],
  [["status", "--config", bad]],
  [["status", "--prefix", bad]],
  [[bad]],
])("a message that has an argument in it is neutral: %j", async (args) => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  world.close();
  const hasConfig = args.includes("--config") || args[0] === "preview" || args[0] === bad;
  const { code, stderr } = await ran(hasConfig ? args : [...args, "--config", world.config], false);
  expect(code).not.toBe(0);
  expect(stderr).toContain("·");
  expect(stderr).not.toMatch(unsafe);
});
