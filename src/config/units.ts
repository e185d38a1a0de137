import { z } from "zod";

/** Seconds of a day: longer waits are mistakes, and more than a timer can do. */
export const DAY_S = 86_400;

/** A number of things, at least one. */
export const count = z.int().positive();

const units: Readonly<Record<string, number>> = {
  "": 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

const BYTES = "use a number of bytes, or one with KiB, MiB or GiB";

/** A size, bytes: a number, or one with a unit. */
export const bytes = z
  .union([z.int().positive(), z.string().regex(/^0*[1-9]\d* ?([KMG]iB)?$/i, BYTES)], {
    error: BYTES,
  })
  .transform((size) => {
    if (typeof size === "number") return size;
    const [, count, unit] = /^(\d+) ?(\w*)$/.exec(size) as unknown as [string, string, string];
    return Number(count) * (units[unit.toLowerCase()] as number);
  });

const DURATION = "use a number of seconds, or one with s, m, h or d";
const secondsIn: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** A time, seconds: a number, or one with a unit. */
export const duration = z
  .union([z.number().positive(), z.string().regex(/^0*[1-9]\d* ?[smhd]?$/, DURATION)], {
    error: DURATION,
  })
  .transform((time) => {
    if (typeof time === "number") return time;
    const [, count, unit] = /^(\d+) ?(\w?)$/.exec(time) as unknown as [string, string, string];
    return Number(count) * (secondsIn[unit] as number);
  });
