import { html } from "hono/html";
import { jsonText, printable } from "../../lib/text.ts";

/** The answer to a request that gets no page. */
export interface Trouble {
  readonly status: number;
  /** A stable name for it. */
  readonly code: string;
  readonly message: string;
}

/** A page for browsers, JSON for everyone else. */
export async function errorAnswer(request: Request, trouble: Trouble): Promise<Response> {
  const isBrowser = request.headers.get("accept")?.includes("text/html") === true;
  const { status, code, message } = trouble;
  const [type, text] = isBrowser
    ? ["text/html; charset=utf-8", await errorPage(trouble)]
    : ["application/json", errorJson({ code, message })];
  return new Response(request.method === "HEAD" ? null : text, {
    status,
    headers: { "Content-Type": type },
  });
}

/** The JSON of an error. */
export function errorJson({ code, message }: Pick<Trouble, "code" | "message">): string {
  return `${jsonText({ error: { code, message } })}\n`;
}

async function errorPage({ status, code, message }: Trouble): Promise<string> {
  const page = html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>${status} ${code}</title>
      <h1>${status} ${code}</h1>
      <p>${printable(message)}</p>
      <p><a href="/">Overview</a></p>
    </html>`;
  return String(await page);
}
