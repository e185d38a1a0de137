import { createRequire } from "node:module";
import pino, { type Level, type Logger } from "pino";
import type pretty from "pino-pretty";
import { isJournal, journalPrefix } from "./journal.ts";
import { type LogLines, openLogLines } from "./log-lines.ts";
import { VERSION } from "../version.ts";
import { printableLines } from "../lib/text.ts";

const require = createRequire(import.meta.url);

/** The daemon's log, on stdout. */
export type Log = Logger;

/** Characters of a text that are logged: the journal splits a line at 48 KiB. */
const MAX_TEXT = 2000;
/** Matches what the journal would take for a level where a line that it splits begins again. */
const prefixes = /<(?=\d{1,3}>)/g;

/**
 * Opens the log: JSON lines, with the journal's priorities before them where stdout is the journal,
 * and lines for people where it is a terminal. Written synchronously, so that the last lines before
 * an end are there; lines that cannot be written are dropped and counted.
 */
export function openLog(level: string): Log {
  const options = {
    level,
    base: { pid: process.pid, sampler: VERSION },
    serializers: { err: errorFacts },
    formatters: { log: shortened },
  };
  const lines = openLogLines(1, (dropped) =>
    log.error({ lines: dropped }, "lines of this log were dropped: they could not be written"),
  );
  const log = pino(options, destination(lines));
  return log;
}

function destination(lines: LogLines): LogLines {
  if (process.stdout.isTTY) return terminal(lines);
  return isJournal(1, process.env) ? withPriorities(lines) : lines;
}

function terminal(lines: LogLines): LogLines {
  // 3 MB that a service does without.
  const { prettyFactory } = require("pino-pretty") as typeof pretty;
  const forPeople = prettyFactory({
    singleLine: true,
    colorize: process.stdout.hasColors(),
    translateTime: "SYS:HH:MM:ss.l",
    ignore: "pid,sampler",
  });
  // Those of C0 are escaped as JSON; the end of the line stays.
  return { write: (line) => lines.write(forPeople(printableLines(line))) };
}

/** Adds priorities to lines. Because of the symbol, Pino sets `lastLevel` before each write. */
function withPriorities(lines: LogLines): LogLines {
  const stream = {
    [Symbol.for("pino.metadata")]: true,
    lastLevel: pino.levels.values["info"] as number,
    write(line: string): void {
      const prefix = journalPrefix(pino.levels.labels[stream.lastLevel] as Level);
      lines.write(`${prefix}${line.replace(prefixes, String.raw`\u003c`)}`);
    },
  };
  return stream;
}

function shortened(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, short(value)]));
}

function short(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(short);
  if (typeof value !== "string" || value.length <= MAX_TEXT) return value;
  return `${value.slice(0, MAX_TEXT).toWellFormed()}…`;
}

/** An error without characters that a terminal would obey; its stack has lines. */
function errorFacts(error: Error): object {
  // oxlint-disable-next-line no-control-regex
  const text = (error.stack ?? error.message).replace(/[\u0000-\u0009\u000b-\u001f]/g, "·");
  return { type: error.name, message: short(error.message), stack: short(text) };
}
