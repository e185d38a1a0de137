import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createWorld, rows, type World } from "../helpers/world.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");

/** Sets `window.harmed` wherever it is run. */
const HARM = "window.harmed=1";

/** Names that a page could trip over. */
export const hostileNames: readonly string[] = [
  `<script>${HARM}</script>.csv`,
  `"><img src=x onerror=${HARM}>.csv`,
  `' onmouseover='${HARM}.csv`,
  "javascript:window.harmed=1.csv",
  "&lt;script&gt;&amp;.csv",
  "\u202egnp.exe.csv",
  "\u2067\u2066isolates.csv",
  "caf\udce9.csv",
  "100%#?&=+ .csv",
  "two\nlines\t\u0007.csv",
  "back\\slash `$(id)`.csv",
  "📈 u\u0308.csv",
  "${HARM}{{7*7}}.csv",
];

/** Text in cells and headings that a page could trip over. */
export const hostileCells: readonly string[] = [
  `<script>${HARM}</script>`,
  `<img src=x onerror=${HARM}>`,
  `'';!--<svg onload=${HARM}>`,
  `</td></table><iframe srcdoc="<script>parent.harmed=1</script>">`,
  "</bdi></td><form action=http://example.com><button>",
  "\u202eright to left",
  "a\u0000\u0007\u001b[31mb\u009b",
  "x".repeat(1_000_000),
];

/** The same as `fillPageLake`, and a dataset of names and cells that a page could trip over. */
export async function fillHostileLake(world: World): Promise<void> {
  for (const name of hostileNames) {
    await world.put(name, "id,name\n1,a\n2,b\n", { dataset: HOSTILE });
  }
  const line = hostileCells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",");
  await world.put("cells.csv", `${line.slice(0, -1_000_000)}long"\n${line}\n`, {
    dataset: HOSTILE,
  });
  await fillPageLake(world);
}

/** Fills datasets with what people look at: samples of many formats, failures of many kinds. */
export async function fillPageLake(world: World): Promise<void> {
  const orders = ordersCsv(400);
  const files: readonly (readonly [string, number])[] = [
    ["acme/orders/v1", 60],
    ["globex/clicks/v1", 21],
    ["initech/payroll/v1", 9],
    ["umbrella/sensors/v1", 6],
  ];
  for (const [dataset, count] of files) {
    for (let i = 0; i < count; i += 1) {
      const day = String((i % 28) + 1).padStart(2, "0");
      const part = String(i).padStart(4, "0");
      await world.put(`2026/01/${day}/part-${part}.csv`, orders, { dataset });
    }
  }
  const events = Array.from({ length: 300 }, (_, i) =>
    JSON.stringify({ id: i, user: { name: `user ${i}`, tags: ["a", "b"] }, text: "y".repeat(i) }),
  );
  await world.put("events.jsonl", `${events.join("\n")}\n`);
  await world.put("everything.avro", readFileSync(join(fixtures, "avro/everything.avro")));
  await world.put("all-types.parquet", readFileSync(join(fixtures, "parquet/all-types.parquet")));
  await world.put("notes.txt", "first line\nsecond line\n");
  await world.put("model.bin", Buffer.alloc(3000, 7));
  await world.put("empty.csv", "");
  await world.put("wide.csv", `${numbered(2000, "column_")}\n${numbered(2000, "")}\n`);
  await world.put("broken.zip", "no zip at all", { dataset: "umbrella/sensors/v1" });
  await world.put("report.parquet", "PAR1 nothing", { dataset: "globex/clicks/v1" });
  for (let i = 0; i < 14; i += 1) {
    await world.announce(`late/part-${i}.csv`, { dataset: "globex/clicks/v1" });
  }
  await world.announce("escape.csv", { bronze: "../../../../../../etc/hostname" });
  await world.manifest('{"raw": "raw/a.csv"}\nno JSON <b>at all</b>\n', "initech/payroll/v1");
  await world.pass();
  // A newer version that is missing: what there is is of an earlier one.
  await world.announce("notes.txt", { bronze: "bronze/notes-2.txt", mtime: 1_737_300_000 });
  await world.pass();
}

/** The dataset with the hostile names. */
export const HOSTILE = "hostile/names & <b>cells<\u2215b>/v1";

/** The raw of one of the files that everything is well with. */
export const ORDINARY = "raw/2026/01/03/part-0002.csv";

/** The content of `fillPageLake`'s ordinary files, with this many rows. */
export function ordersCsv(count: number): string {
  const people = ["Ada Lovelace", "Grace Hopper", "Edsger Dijkstra", "Barbara Liskov"];
  const cities = ["London", "Arlington", "Rotterdam", "Los Angeles"];
  const lines = Array.from({ length: count }, (_, i) => {
    const day = String((i % 28) + 1).padStart(2, "0");
    const amount = ((i * 3750) / 100).toFixed(2);
    return `${1000 + i},${people[i % 4]},${cities[(i * 3) % 4]},${amount},2026-01-${day}T08:30:00Z\n`;
  });
  return `id,name,city,amount,ordered_at\n${lines.join("")}`;
}

/** A world with one ordinary file and no more. */
export async function ordinaryLake(): Promise<World> {
  const world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  return world;
}

function numbered(count: number, before: string): string {
  return Array.from({ length: count }, (_, i) => `${before}${i}`).join(",");
}
