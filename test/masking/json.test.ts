import fc from "fast-check";
import { expect, test } from "vitest";
import { columnRules } from "../../src/masking/columns.ts";
import { masked, rule, settingsWith } from "./helpers.ts";

const settings = settingsWith([rule(["email", "**.email"]), rule("map", { keys: true })]);

test.each([
  [
    "white space and order stay",
    '{ "n" : 1 ,\n "email" : "a@b.c" }\n',
    '{ "n" : 1 ,\n "email" : "¤" }\n',
  ],
  ["keys that occur twice", '{"email":"a","email":"b"}', '{"email":"¤","email":"¤"}'],
  ["elements of an array", '{"email":["a","b",null,""]}', '{"email":["¤","¤",null,""]}'],
  ["all that is in an object", '{"email":{"x":{"y":"a"}}}', '{"email":{"x":{"y":"¤"}}}'],
  ["escapes", '{"email":"a\\"\\u00fc\\n"}', '{"email":"¤"}'],
  ["a number in quotes", '{"email":"123"}', '{"email":"¤"}'],
  [
    "records",
    '[{"a":{"email":"x"}},{"a":[{"email":"y"}]}]',
    '[{"a":{"email":"¤"}},{"a":[{"email":"¤"}]}]',
  ],
  ["keys that are values", '{"map":{"ann":{"bob":1}}}', /^\{"map":\{"¤":\{"¤":[1-9]\}\}\}$/],
  ["a number", '{"email":-120.50e+2}', /^\{"email":-[1-9]\d\d\.\d\de\+2\}$/],
  ["a boolean", '{"email":true}', '{"email":false}'],
])("%s: only the bytes of values change", async (_, text, expected) => {
  const { text: is, summary } = await masked("a.json", text, settings);
  expect(summary.reason).toBeUndefined();
  const shown = is.replace(/[A-Z2-7]{16}/g, "¤");
  if (typeof expected === "string") expect(shown).toBe(expected);
  else expect(shown).toMatch(expected);
});

test.each([
  ["a.json", '{"email":"ann@b.c",}'],
  ["a.json", '["ann@b.c"]'],
  ["a.json", '{"mail":"ann@b.c"}'],
  ["a.json", '{"email":"ann@b.c","note":"ann@b.c!"}'],
  ["a.json", '{"email":"ann@b.c","ann@b.c":1}'],
  ["a.jsonl", '{"email":"ann@b.c"}\n{"email":ann@b.c}\n'],
  ["a.jsonl", '{"email":"ann@b.c"}\n"ann@b.c"\n'],
  ["a.jsonl", '{"email":\n"ann@b.c"}\n{"email":\n"x"}\n'],
])("%s %s is described, without content", async (name, content) => {
  const { text, summary } = await masked(name, content, settings);
  expect(summary.reason).toMatch(/^MASK_IMPOSSIBLE: /);
  expect(text).not.toContain("ann@b.c");
  expect(summary.warnings.join()).not.toContain("ann");
});

test("any values: what is masked is as many values of the same kinds, and all others as they were", async () => {
  const value = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.string({ maxLength: 20 }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), tie("any"), { maxKeys: 3 }),
    ),
  })).any;
  const rules = settingsWith([rule("secret")], { leaks: "warn", text: "keep" });
  await fc.assert(
    fc.asyncProperty(value, value, async (secret, open) => {
      const content = JSON.stringify({ secret, open });
      const { bytes } = await masked("a.json", content, rules);
      const is = JSON.parse(String(bytes)) as { secret: unknown; open: unknown };
      expect(is.open).toEqual(JSON.parse(JSON.stringify(open)));
      expect(kindsOf(is.secret)).toEqual(kindsOf(JSON.parse(JSON.stringify(secret))));
    }),
    { numRuns: 200 },
  );
});

function kindsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(kindsOf);
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Object.entries(value).map(([key, member]) => [key, kindsOf(member)]);
}

test.each([
  [
    "email",
    ["email", "E-MAIL", "e_mail", "email[]", "email.of.x"],
    ["emails", "x.email", "e.mail"],
  ],
  ["*.email", ["a.email", "a[].email"], ["email", "a.b.email"]],
  ["**.email", ["email", "a.email", "a.b[].email"], ["a.emails"]],
  ["birth*", ["birthday", "Birth_Date", "birth.day"], ["a.birthday"]],
  ["users[].name", ["users[].name"], ["users.name", "users[].names"]],
  ["**", ["a", "a.b[].c", ""], []],
  ["a?c", ["abc"], ["ac", "a.c"]],
  ["a+(b)", ["a+(b)"], ["aab"]],
])("%s matches %j and not %j", (glob, matching, others) => {
  const rules = columnRules([{ match: [glob] }]);
  for (const path of matching) expect(rules.matching(path), path).toEqual([0]);
  for (const path of others) expect(rules.matching(path), path).toEqual([]);
});
