/**
 * Looks through the document at hand for what keeps people out, and gives what it finds. It is read
 * as text and run in the browser, which is why it is no TypeScript.
 */
(() => {
  const found = [];
  const grounds = new Map();
  const say = (what, element) => {
    const html = element?.outerHTML.replace(/\s+/g, " ").slice(0, 160) ?? "";
    found.push(`${what} ${html}`.trim());
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const isVisible = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== "hidden";
  };

  if (document.documentElement.lang === "") say("no language");
  if (document.title.trim() === "") say("no title");
  checkLandmarks();
  checkHeadings();
  checkNames();
  checkTables();
  checkIds();
  checkContrast();
  checkWidth();
  checkInline();
  return found;

  function checkLandmarks() {
    for (const landmark of ["main", "body > header", "body > footer"]) {
      if (all(landmark).length !== 1) say(`${all(landmark).length} of ${landmark}`);
    }
    const skip = document.querySelector("a[href='#main']");
    if (skip === null || document.querySelector("#main") === null) say("no skip link");
    const names = all("nav").map((nav) => nav.getAttribute("aria-label") ?? "");
    if (names.includes("") || new Set(names).size < names.length) say(`navigations ${names}`);
  }

  function checkHeadings() {
    const levels = all("h1,h2,h3,h4,h5,h6").map(({ tagName }) => Number(tagName[1]));
    if (levels.filter((level) => level === 1).length !== 1) say(`headings of level 1: ${levels}`);
    for (const [i, level] of levels.entries()) {
      if (level > (levels[i - 1] ?? 0) + 1) say(`heading levels ${levels}`);
    }
    for (const heading of all("h1,h2,h3")) {
      if (heading.textContent?.trim() === "") say("empty heading", heading);
    }
  }

  function checkNames() {
    for (const control of all("input:not([type=hidden]),select,textarea")) {
      const label = document.querySelector(`label[for='${control.id}']`);
      if ((label?.textContent ?? "").trim() === "") say("no label", control);
    }
    for (const link of all("a,button")) {
      const name = link.getAttribute("aria-label") ?? link.textContent ?? "";
      if (name.trim() === "") say("no name", link);
      if (link.tagName === "A" && link.getAttribute("href") === null) say("leads nowhere", link);
    }
    for (const region of all("[role=region]")) {
      if ((region.getAttribute("aria-label") ?? "") === "") say("region without a name", region);
      if (region.tabIndex !== 0) say("region that keys cannot scroll", region);
    }
    for (const image of all("svg")) {
      const isNamed = (image.getAttribute("aria-label") ?? "") !== "";
      const isHidden = image.getAttribute("aria-hidden") === "true";
      if (isNamed === isHidden) say("image neither named nor hidden", image);
    }
  }

  function checkTables() {
    for (const table of all("table")) {
      if (table.closest("[role=region]") === null) say("table outside a region", table);
      if (table.querySelector("caption") === null) say("table without a caption", table);
      const columns = table.querySelectorAll("thead th[scope=col]").length;
      for (const row of table.querySelectorAll("tbody tr")) {
        if (row.children.length !== columns)
          say(`row of ${row.children.length} of ${columns}`, row);
        if (row.querySelector("th[scope=row]") === null) say("row without a heading", row);
      }
    }
  }

  function checkIds() {
    const ids = all("[id]").map(({ id }) => id);
    if (new Set(ids).size < ids.length) say(`ids that are there twice: ${ids}`);
    for (const element of all("[aria-labelledby]")) {
      const id = element.getAttribute("aria-labelledby") ?? "";
      if (document.querySelector(`[id='${id}']`) === null) say("labelled by nothing", element);
    }
  }

  function checkContrast() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      if (element === null || (node.textContent ?? "").trim() === "" || !isVisible(element))
        continue;
      const ratio = contrast(getComputedStyle(element).color, groundOf(element));
      if (ratio < 4.5) say(`contrast ${ratio.toFixed(2)}`, element);
    }
    for (const input of all("input")) {
      const ratio = contrast(getComputedStyle(input, "::placeholder").color, groundOf(input));
      if (ratio < 4.5) say(`contrast of its placeholder ${ratio.toFixed(2)}`, input);
    }
  }

  /** The colour of the nearest ground that is not seen through. */
  function groundOf(element) {
    const known = grounds.get(element);
    if (known !== undefined) return known;
    const ground = nearestGround(element);
    grounds.set(element, ground);
    return ground;
  }

  function nearestGround(element) {
    for (let each = element; each !== null; each = each.parentElement) {
      const { backgroundColor } = getComputedStyle(each);
      if (partsOf(backgroundColor)[3] !== 0) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  }

  function contrast(one, other) {
    const [a, b] = [luminance(one), luminance(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }

  function luminance(colour) {
    const [r = 0, g = 0, b = 0] = partsOf(colour).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function partsOf(colour) {
    const numbers = [...colour.matchAll(/[\d.]+/g)].map(([n]) => Number(n));
    return [...numbers.slice(0, 3), numbers[3] ?? 1];
  }

  function checkWidth() {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) say(`the page is ${scrollWidth - clientWidth} px too wide`);
  }

  function checkInline() {
    for (const element of all("*")) {
      const odd = [...element.attributes].filter(({ name }) => /^on|^style$/.test(name));
      if (odd.length > 0) say("inline script or style", element);
    }
    const scripts = [...document.scripts].map(({ src }) => new URL(src).pathname);
    if (scripts.join() !== "/assets/live.js,/assets/copy.js") say(`scripts: ${scripts}`);
    for (const element of all("iframe,object,embed,base,meta[http-equiv]")) say("odd", element);
  }
})();
