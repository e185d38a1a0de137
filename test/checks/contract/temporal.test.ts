import fc from "fast-check";
import { expect, test } from "vitest";
import { timeReader } from "../../../src/checks/contract/temporal.ts";

const date = timeReader("date", undefined, false);
const timestamp = timeReader("timestamp", undefined, false);
const FIRST = Date.UTC(1, 0, 1);
const LAST = Date.UTC(9999, 11, 31);

test("every time that a program writes by ISO 8601 is read as that time", () => {
  fc.assert(
    fc.property(fc.integer({ min: FIRST, max: LAST }), (ms) => {
      const text = new Date(ms).toISOString();
      expect(timestamp?.(text)).toBe(ms);
      expect(date?.(text.slice(0, 10))).toBe(Date.parse(text.slice(0, 10)));
    }),
  );
});

test("a day that the calendar does not have is none", () => {
  const digits = (count: number) => fc.stringMatching(new RegExp(`^[0-9]{${count}}$`));
  fc.assert(
    fc.property(digits(4), digits(2), digits(2), (year, month, day) => {
      const text = `${year}-${month}-${day}`;
      const parsed = new Date(`${text}T00:00:00Z`);
      const isDay = !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
      expect(date?.(text) !== undefined).toBe(isDay);
    }),
  );
});

test.each([
  ["dd/MM/yyyy hh:mm:ss a", "31/12/2025 01:02:03 PM", Date.UTC(2025, 11, 31, 13, 2, 3)],
  ["yyyy-MM-dd'T'HH:mm:ss'Z'", "2025-01-15T10:00:00Z", Date.UTC(2025, 0, 15, 10)],
  ["yyyy-MM-ddTHH:mm:ssZ", "2024-03-10T14:22:35+10:00", Date.UTC(2024, 2, 10, 4, 22, 35)],
  ["d.M.yy", "7.6.26", Date.UTC(2026, 5, 7)],
  ["yyyyMMddHHmmssSSS", "20260118143007123", Date.UTC(2026, 0, 18, 14, 30, 7, 123)],
])("by %s, %s is a time", (format, text, ms) => {
  const read = timeReader("timestamp", format, false);
  expect(read?.(text)).toBe(ms);
  expect(read?.(`${text} `)).toBeUndefined();
});

test("letters that are not known have no reader", () => {
  for (const format of ["EEE, d MMM yyyy", "DDD", "QQ", "any"])
    expect(timeReader("date", format, false)).toBeUndefined();
});
