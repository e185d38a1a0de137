import { html } from "hono/html";
import type { Html } from "./layout.ts";

/** A line for another program, fit to be shown, with a button that copies it; without the script there is none. */
export function copyable(line: string): Html {
  return html`<div class="copyable">
    <pre><code>${line}</code></pre>
    <button type="button" class="copy">Copy</button>
  </div>`;
}

/**
 * The script of the buttons. The clipboard is only for pages on this machine or by https; elsewhere
 * the line is selected and copied as by hand.
 */
export const copyScript = `
"use strict";
(() => {
  const COPIED_MS = 2000;
  document.documentElement.classList.add("has-script");
  const copy = async (line) => {
    if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(line.textContent);
    getSelection().selectAllChildren(line);
    document.execCommand("copy");
  };
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("button.copy");
    if (button === null) return;
    const line = button.parentElement.querySelector("code");
    const isDone = await copy(line).then(() => true, () => false);
    button.textContent = isDone ? "Copied" : "Not copied";
    setTimeout(() => { button.textContent = "Copy"; }, COPIED_MS);
  });
})();
`;
