import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { PATIENCE_MS } from "../helpers/child.ts";

const program = "/usr/bin/chromium";
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The reason why there is no browser here; undefined where there is one. */
export const whyNoBrowser: string | undefined = existsSync(program)
  ? undefined
  : `no ${program} on this machine`;

/** Starts Debian's Chromium. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: program, args: flags, timeout: PATIENCE_MS });
}

/** Options of looking at a page. */
export interface Look {
  readonly scheme: "light" | "dark";
  readonly width: number;
  readonly script?: boolean;
}

/** A page, and everything that went wrong in it so far. */
export interface Watched extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts and of the console, dialogs, what the policy refused, and requests elsewhere. */
  readonly wrong: string[];
}

/** Opens an empty page that notes what goes wrong in it. `url` is all that it may ask. */
export async function watch(
  browser: Browser,
  url: string,
  { scheme, width, script = true }: Look,
): Promise<Watched> {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height: 800 },
    javaScriptEnabled: script,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    // What the policy refuses is an error here as well; a page that says 404 is not one.
    const isStatus = /^Failed to load resource: the server responded with a status of 4\d\d/;
    if (message.type() !== "error" || isStatus.test(message.text())) return;
    wrong.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${url}/`)) wrong.push(`asked elsewhere: ${request.url()}`);
  });
  if (script) {
    await page.exposeFunction("noteViolation", (what: string) => wrong.push(`policy: ${what}`));
    await page.addInitScript(`document.addEventListener("securitypolicyviolation", (event) =>
      window.noteViolation([event.violatedDirective, event.blockedURI, event.sample].join(" ")));`);
  }
  return { page, context, wrong, [Symbol.asyncDispose]: () => context.close() };
}

const audit = readFileSync(join(import.meta.dirname, "page-audit.js"), "utf8");

/** Faults of the open page that keep people out of it; empty where there are none. */
export function audited(page: Page): Promise<string[]> {
  return page.evaluate(audit);
}
