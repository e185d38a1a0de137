import { expect, test } from "vitest";
import { viewXml } from "../../src/view/xml.ts";
import { defaultLimits } from "../../src/view/take-sample.ts";

const { signal } = new AbortController();

function view(text: string) {
  const rest = { name: "a.xml", rows: 20, limits: defaultLimits, extensions: {}, depth: 0, signal };
  return viewXml({ ...rest, bytes: Buffer.from(text) });
}

test("the children of one name that are the most are rows, attributes and content are columns", async () => {
  const { tables } = await view(
    "<r><h>x</h><c><i id=\"1\">a &amp; <![CDATA[<b>]]></i><!-- & --><i id='2'><n>7</n><n>8</n></i></c></r>",
  );
  expect(tables).toHaveLength(1);
  expect(tables[0]).toMatchObject({ title: "/r/c/i" });
  expect(tables[0]?.columns.map(({ name }) => name)).toEqual(["@id", "#text", "n"]);
  expect(tables[0]?.rows).toEqual([
    ["1", "a & <b>", null],
    ["2", null, '["7","8"]'],
  ]);
});

test("entities of the document are not resolved, and deep nesting is bounded", async () => {
  const bomb = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r><v>&b;&#x41;&#66;</v></r>';
  expect((await view(bomb)).tables[0]?.rows).toEqual([["&b;AB"]]);
  const deep = "<a>".repeat(50_000) + "</a>".repeat(50_000);
  expect((await view(deep)).tables[0]?.rows).toHaveLength(1);
});

test("what is no XML is shown as text", async () => {
  expect((await view("<a><b>\n</a>")).tables[0]?.rows).toEqual([["<a><b>"], ["</a>"]]);
});
