/**
 * The script: loads the page again every few seconds while it is visible, and changes the parts that
 * differ. All others keep their place, their focus, and what was opened or typed. Without the script
 * a link loads the page again.
 */
export const live = `
"use strict";
(() => {
  const EVERY_MS = 4000;
  const main = document.querySelector("main[data-refreshed]");
  if (main === null) return;
  const lost = document.getElementById("lost");
  let timer;
  let shown = "";

  // Rows are the same where they lead to the same; all else is by its place among its kind.
  const keyOf = (node) =>
    node.nodeName === "TR" ? node.querySelector("a")?.getAttribute("href") : undefined;
  const kindOf = (node) =>
    node.nodeName + " " + (node.nodeType === 1 ? node.getAttribute("class") : "");

  const become = (old, next) => {
    if (old.isEqualNode(next)) return;
    if (old.nodeType !== 1) {
      old.data = next.data;
      return;
    }
    const isOurs = ({ name }) => !(old.nodeName === "DETAILS" && name === "open");
    for (const each of [...old.attributes].filter(isOurs)) {
      if (!next.hasAttribute(each.name)) old.removeAttribute(each.name);
    }
    for (const each of [...next.attributes].filter(isOurs)) {
      if (old.getAttribute(each.name) !== each.value) old.setAttribute(each.name, each.value);
    }
    if (old.nodeName !== "FORM") becomeWithin(old, next);
  };

  const becomeWithin = (old, next) => {
    const wanted = new Set([...next.childNodes].map(keyOf));
    const known = new Map();
    for (const child of [...old.childNodes]) {
      const key = keyOf(child);
      if (key === undefined) continue;
      if (wanted.has(key)) known.set(key, child);
      else child.remove();
    }
    let at = old.firstChild;
    for (const fresh of [...next.childNodes]) {
      const key = keyOf(fresh);
      let match = key === undefined ? at : known.get(key);
      known.delete(key);
      if (key === undefined) {
        const isMatch = (node) => keyOf(node) === undefined && kindOf(node) === kindOf(fresh);
        while (match !== null && !isMatch(match)) match = match.nextSibling;
      }
      if (match === null || match === undefined) {
        old.insertBefore(fresh, at);
        continue;
      }
      if (match === at) at = at.nextSibling;
      else old.insertBefore(match, at);
      become(match, fresh);
    }
    while (at !== null) {
      const after = at.nextSibling;
      at.remove();
      at = after;
    }
  };

  const refresh = async () => {
    const response = await fetch(location.href, {
      cache: "no-store",
      headers: { Accept: "text/html" },
    });
    const text = await response.text();
    lost.hidden = true;
    if (text === shown) return;
    shown = text;
    const found = new DOMParser().parseFromString(text, "text/html");
    const focused = document.activeElement;
    for (const part of ["main", ".foot"]) {
      const next = found.querySelector(part);
      if (next !== null) become(document.querySelector(part), next);
    }
    if (document.title !== found.title) document.title = found.title;
    if (focused.isConnected && focused !== document.activeElement) {
      focused.focus({ preventScroll: true });
    }
  };
  const onLost = () => {
    lost.hidden = false;
    shown = "";
  };
  const tick = async () => {
    await refresh().catch(onLost);
    timer = document.hidden ? undefined : setTimeout(tick, EVERY_MS);
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && timer === undefined) timer = setTimeout(tick, 0);
  });
  timer = setTimeout(tick, EVERY_MS);
})();
`;
