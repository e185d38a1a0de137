import { describe, expect, test } from "vitest";
import { masked, rule, settingsWith } from "./helpers.ts";

const email = settingsWith([rule(["email", "*.email"], { domain: "person" })]);
const TOKEN = "[A-Z2-7]{16}";

/** A text as a pattern, with T for each token. */
function withTokens(text: string): RegExp {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("¤", TOKEN)}$`);
}

test.each([
  ["names in other cases", "ID,E-Mail\n1,a@b.c\n", "ID,E-Mail\n1,¤\n"],
  ["a mark before the masked column", "\ufeffemail,x\na@b.c,1\n", "\ufeffemail,x\n¤,1\n"],
  ["a quoted name", '"email",x\na@b.c,1\n', '"email",x\n¤,1\n'],
  ["line ends in a value", 'email,x\r\n"a\r\nb",1\r\n', 'email,x\r\n"¤",1\r\n'],
  ["delimiters and quotes in a value", 'email,x\n"a, ""b""",1\n', 'email,x\n"¤",1\n'],
  ["no value", 'email,x\n,1\n"",2\n', 'email,x\n,1\n"",2\n'],
  ["no line end at the end", "x,email\n1,a@b.c", "x,email\n1,¤"],
  ["the header again in the middle", "email,x\na@b.c,1\nemail,x\n", "email,x\n¤,1\n¤,x\n"],
  ["a separator for Excel", "sep=;\nemail;x\na@b.c;1\n", "sep=;\nemail;x\n¤;1\n"],
  ["names with dots", "x,user.email\n1,a@b.c\n", "x,user.email\n1,¤\n"],
])("%s: only the bytes of values change", async (_, text, expected) => {
  const { text: is, summary } = await masked("a.csv", text, email);
  expect(is).toMatch(withTokens(expected));
  expect(summary.reason).toBeUndefined();
});

test.each([
  ["a column too many at the end", "email,x\na@b.c,1\nb@c.d,2,3\n"],
  ["a record that is short", "email,x\na@b.c,1\nb@c.d\n"],
  ["an open quote", 'email,x\n"a@b.c,1\n'],
  ["text after a quote", 'email,x\n"a"@b.c,1\n'],
  ["backslashes before quotes", 'email,x\n"a\\"@b",1\n"c\\"d",2\n'],
  ["a name that occurs twice", "email,x,Email\na@b.c,1,d@e.f\n"],
  ["no header", "a@b.c,1\nd@e.f,2\n"],
  ["other names", "mail,x\na@b.c,1\n"],
  ["lines above the header", "# for a@b.c\nemail,x\nd@e.f,1\n"],
  ["a carriage return in a field", "email,x\na@b.c\rd@e.f,1\n"],
  ["the value in another column", "email,note\nann@b.c,call ann@b.c\n"],
  ["another header in the middle", "email,id,x\nann@b.c,1,y\nid,email,x\n2,bob@b.c,y\n"],
  ["other columns in the middle", "email,id\nann@b.c,1\nid,E-Mail\n2,bob@b.c\n"],
  ["fields that another delimiter has", "id,email;email\n1,ann@b.c;x\n2,bob@b.c;y\n"],
  ["UTF-16", Buffer.from("\ufeffemail,x\na@b.c,1\n", "utf16le")],
])("%s: the file is described, without content", async (_, content) => {
  const { text, summary } = await masked("a.csv", content, email);
  expect(summary).toMatchObject({ format: "metadata", reason: expect.stringMatching(/^MASK_IMP/) });
  expect(text).not.toMatch(/b\.c|e\.f|c"d|\bx\b/);
});

test.each(["*", "**", "**.*", "?*"])(
  "%s matches values too, and tells no header",
  async (match) => {
    const settings = settingsWith([rule(match)]);
    const { text, summary } = await masked("a.csv", "ann@b.c,1\nbob@b.c,2\n", settings);
    expect(text).not.toContain("@b.c");
    expect(summary.reason).toContain("none of the names");
    const named = settingsWith([rule("id", { with: "keep" }), rule(match)]);
    const { text: whole } = await masked("a.csv", "id,email\n1,bob@b.c\n", named);
    expect(whole).toMatch(withTokens("id,email\n1,¤\n"));
  },
);

test.each(["e\u200bmail", "e\u00admail", "e\u2013mail", "e\u2011mail", "'email'", "\ufeffEMAIL"])(
  "%j is the name email",
  async (name) => {
    const settings = settingsWith([rule("id", { with: "keep" }), rule("email")]);
    const { text } = await masked("a.csv", `id,${name}\n1,ann@b.c\n`, settings);
    expect(text).not.toContain("ann@b.c");
  },
);

test("a value that is the name of a masked column is no header", async () => {
  const { text, summary } = await masked("a.csv", "email,id,contact\na@b.c,1,email\n", email);
  expect(text).toMatch(withTokens("email,id,contact\n¤,1,email\n"));
  expect(summary.reason).toBeUndefined();
});

test("one value has one token, in any file of its domain, and another one in others", async () => {
  const rules = [rule("a"), rule("b"), rule("c", { domain: "other" })];
  const { text } = await masked("a.csv", "a,b,c\nv,v,v\n", settingsWith(rules));
  const [a, b, c] = (text.split("\n")[1] as string).split(",");
  expect([a === b, a === c]).toEqual([true, false]);
  const { text: other } = await masked("b.jsonl", '{"a":"v"}\n', settingsWith(rules));
  expect(other).toBe(`{"a":"${a}"}\n`);
});

test("ways to mask", async () => {
  const ways = ["shape", "redact", "null", "year", "keep"] as const;
  const settings = settingsWith(ways.map((way) => rule(way, { with: way })));
  const values = ["Ab-12 ü", "x", "x", "31.12.1999", "kept"];
  const { text } = await masked("a.csv", `${ways.join(",")}\n${values.join(",")}\n`, settings);
  expect(text.split("\n")[1]).toMatch(/^[A-Z][a-z]-\d\d [a-z],REDACTED,,1999,kept$/);
  expect(text).not.toContain("Ab-12");
});

test("a masked value that is null leaves a record where it was alone", async () => {
  const settings = settingsWith([rule("a", { with: "null" })]);
  expect((await masked("a.csv", "a\nx\ny\n", settings)).text).toBe('a\n""\n""\n');
});

describe("settings", () => {
  const text = `id,note,email\n1,${"long ".repeat(20)},a@b.c\n`;

  test("free text is redacted, unless it is kept", async () => {
    expect((await masked("a.csv", text, email)).text).toContain("\n1,REDACTED,");
    const kept = settingsWith([rule("email")], { text: "keep" });
    expect((await masked("a.csv", text, kept)).text).toContain("long long");
  });

  test("others are redacted where only what is listed may be seen", async () => {
    const settings = settingsWith([rule("id", { with: "keep" })], { others: "redact" });
    expect((await masked("a.csv", text, settings)).text).toBe(
      "id,note,email\n1,REDACTED,REDACTED\n",
    );
  });

  test("leaks are redacted or warned of", async () => {
    const leaking = "email,note,n\nann@b.c,call ann@b.c,1\n";
    const redacted = await masked("a.csv", leaking, { ...email, leaks: "redact" });
    expect(redacted.text).toMatch(withTokens("email,note,n\n¤,REDACTED,1\n"));
    const warned = await masked("a.csv", leaking, { ...email, leaks: "warn" });
    expect(warned.text).toContain("call ann@b.c");
    expect(warned.summary.warnings).toEqual(["mask: masked values stand elsewhere in the sample"]);
  });

  test("a rule that matches nothing warns or fails", async () => {
    const columns = [rule("email"), rule("ssn*")];
    const simple = "email,x\na@b.c,1\n";
    const warned = await masked("a.csv", simple, settingsWith(columns));
    expect(warned.summary.warnings).toEqual(['mask: no column matches ["ssn*"]']);
    const failed = await masked("a.csv", simple, settingsWith(columns, { unmatched: "fail" }));
    expect(failed.summary.reason).toContain("matches none of its names");
  });
});
