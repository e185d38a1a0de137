import { createHash } from "node:crypto";
import type { Hono } from "hono";
import { copyScript } from "./copy.ts";
import { live } from "./refresh-script.ts";
import { style } from "./style.ts";

/** The icon: a bar, of files that wait and files that are sampled. */
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f4e79"/><path d="M8 7h16v3H8zM8 13h16v3H8z" fill="#9cc4ec"/><path d="M8 19h10v3H8zM8 25h6v2H8z" fill="#fff"/></svg>`;

const assets: readonly (readonly [string, string, string])[] = [
  ["/assets/style.css", "text/css; charset=utf-8", style],
  ["/assets/live.js", "text/javascript; charset=utf-8", live],
  ["/assets/copy.js", "text/javascript; charset=utf-8", copyScript],
  ["/assets/icon.svg", "image/svg+xml", icon],
];

/** Adds the style sheet, the scripts and the icon. Browsers ask again each time, and get a 304. */
export function addAssets(app: Hono): void {
  for (const [path, type, text] of assets) {
    const tag = `"${createHash("sha256").update(text).digest("hex").slice(0, 16)}"`;
    const headers = { "Content-Type": type, ETag: tag, "Cache-Control": "no-cache" };
    app.get(path, (c) =>
      c.req.header("if-none-match") === tag
        ? c.body(null, 304, headers)
        : c.body(text, 200, headers),
    );
  }
}
