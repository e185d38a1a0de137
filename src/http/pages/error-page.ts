import { html } from "hono/html";
import type { Html } from "./layout.ts";
import { isolated } from "./layout.ts";

/** The page for an error. */
export interface Trouble {
  readonly status: 400 | 404 | 500 | 503;
  /** A stable name for it, for programs. */
  readonly code: string;
  readonly title: string;
  readonly message: string;
  /** Other pages to look at. */
  readonly links?: readonly { readonly text: string; readonly href: string }[];
}

/** Thrown for a page that does not exist. */
export class NoPage extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.message);
    this.name = "NoPage";
    this.trouble = trouble;
  }
}

/** The page for a dataset that is not known, to be thrown. */
export function noDataset(dataset: string): NoPage {
  const message = `The cache knows no dataset ${dataset}.`;
  return new NoPage({ status: 404, code: "NOT_FOUND", title: "No such dataset", message });
}

/** Shows what is wrong, and other pages to look at. */
export function troubleView({ title, message, links = [] }: Trouble): Html {
  const others = links.map(
    ({ text, href }) => html`<li><a href="${href}">${isolated(text, 300)}</a></li>`,
  );
  return html`<h1>${title}</h1>
    <p>${isolated(message, 2000)}</p>
    <ul>
      ${others}
      <li><a href="/">All datasets</a></li>
    </ul>`;
}
