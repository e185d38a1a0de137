import { html } from "hono/html";
import type { Found } from "../../inspect/search/search.ts";
import { countText, formatText } from "../../lib/text.ts";
import type { RawName } from "../../store/rows.ts";
import type { Write } from "./answer.ts";
import { aroundHole, HOLE } from "./hole.ts";
import { cell, datasetAddress, entryAddress, type Html, isolated, tableHtml } from "./layout.ts";

type Kind = Found["kind"];
type OfKind<K extends Kind> = Found & { readonly kind: K };

/** Writes the results of a search in a table for each kind. */
export interface Results {
  /** Writes one. Those of a kind come one after the other. */
  readonly add: (found: Found) => Promise<void>;
  /** Ends the table that was begun, if there is one. */
  readonly end: () => Promise<void>;
}

/** Creates the writer; nothing is written yet. */
export function createResults(write: Write): Results {
  let open: { readonly kind: Kind; readonly after: Html } | undefined;
  return { add, end };

  async function add(found: Found): Promise<void> {
    if (open?.kind !== found.kind) await begin(found.kind);
    await write(rowOf(found));
  }

  async function begin(kind: Kind): Promise<void> {
    await end();
    const { before, after } = await aroundHole(tables[kind]);
    open = { kind, after };
    await write(before);
  }

  async function end(): Promise<void> {
    const after = open?.after;
    open = undefined;
    if (after !== undefined) await write(after);
  }
}

/** A table without its rows. */
function section(label: string, note: string, head: Html): Html {
  return html`<section>
    <h2>${label}</h2>
    ${tableHtml({ label, note: html`${note}`, head, rows: [HOLE] })}
  </section>`;
}

const tables: Readonly<Record<Kind, Html>> = {
  file: section(
    "Files",
    "By path.",
    html`<th scope="col">File as it arrived</th>
      <th scope="col">Dataset</th>`,
  ),
  column: section(
    "Columns",
    "By the newest file of each series.",
    html`<th scope="col">Column</th>
      <th scope="col">Type</th>
      <th scope="col">Dataset</th>
      <th scope="col">First file of this shape</th>
      <th scope="col" class="n">Files</th>`,
  ),
  value: section(
    "Values",
    "Samples, each with its first value.",
    html`<th scope="col">Value</th>
      <th scope="col">Column</th>
      <th scope="col" class="n">Row</th>
      <th scope="col">File as it arrived</th>
      <th scope="col">Dataset</th>`,
  ),
};

function rowOf(found: Found): Html {
  if (found.kind === "file") return fileRow(found);
  return found.kind === "column" ? columnRow(found) : valueRow(found);
}

function fileRow(file: OfKind<"file">): Html {
  return html`<tr>
    <th scope="row" class="name">${entryLink(file)}</th>
    ${cell("Dataset", datasetLink(file.dataset))}
  </tr>`;
}

function columnRow({ dataset, column, type, firstRaw, files, format }: OfKind<"column">): Html {
  return html`<tr>
    <th scope="row" class="name">${isolated(column, 200)}</th>
    ${cell("Type", isolated(type), "nowrap")} ${cell("Dataset", datasetLink(dataset))}
    ${cell("First file", html`${entryLink({ dataset, raw: firstRaw })} <span class="muted">${formatText(format, null)}</span>`)}
    ${cell("Files", countText(files), "n")}
  </tr>`;
}

function valueRow(found: OfKind<"value">): Html {
  return html`<tr>
    <th scope="row" class="name">${isolated(found.value, 300)}</th>
    ${cell("Column", columnOf(found))} ${cell("Row", countText(found.row), "n")}
    ${cell("File", entryLink(found))} ${cell("Dataset", datasetLink(found.dataset))}
  </tr>`;
}

/** A column, behind the part of the sample that it is of. */
function columnOf({ table, column }: OfKind<"value">): Html {
  const place = table === null ? "" : `${table}: `;
  return isolated(place + column, 200);
}

function entryLink({ dataset, raw }: RawName): Html {
  const href = entryAddress({ dataset, raw });
  const path = html`<span class="path">${isolated(raw, 300)}</span>`;
  return href === undefined ? path : html`<a href="${href}">${path}</a>`;
}

function datasetLink(dataset: string): Html {
  return html`<a href="${datasetAddress(dataset)}">${isolated(dataset)}</a>`;
}
