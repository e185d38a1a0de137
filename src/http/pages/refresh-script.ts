/**
 * The script: fetches the status strip again every two seconds while the page is visible. Without
 * it the strip has a link that does the same.
 */
export const live = `
"use strict";
(() => {
  const EVERY_MS = 2000;
  const strip = document.querySelector("[data-live]");
  if (strip === null) return;
  let timer;
  let shown = "";
  const refresh = async () => {
    const response = await fetch(strip.dataset.live, { cache: "no-store" });
    const text = await response.text();
    const found = new DOMParser().parseFromString(text, "text/html").querySelector("[data-live]");
    if (found === null || text === shown) return;
    shown = text;
    // What has the focus in there keeps it: only the parts that say something are exchanged.
    const parts = (of) => of.querySelectorAll("[data-part]");
    const fresh = new Map([...parts(found)].map((part) => [part.dataset.part, part]));
    for (const part of parts(strip)) {
      const next = fresh.get(part.dataset.part);
      if (next !== undefined && next.innerHTML !== part.innerHTML) {
        part.replaceChildren(...next.childNodes);
      }
    }
  };
  const lost = () => {
    const part = strip.querySelector("[data-part=state]");
    if (part !== null) part.textContent = "No answer from the page’s server; what is shown is old.";
    shown = "";
  };
  const tick = async () => {
    await refresh().catch(lost);
    timer = document.hidden ? undefined : setTimeout(tick, EVERY_MS);
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && timer === undefined) timer = setTimeout(tick, 0);
  });
  timer = setTimeout(tick, EVERY_MS);
})();
`;
