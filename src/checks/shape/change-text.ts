import type { Change } from "./compare.ts";

/** A change in words, such as `column "price": type text, was number`. */
export function changeText({ change, column, what, was, is }: Change): string {
  const named = `column ${JSON.stringify(column)}`;
  switch (change) {
    case "added":
    case "removed":
      return column === undefined ? `${what}: ${is}, was ${was}` : `${named} ${change}`;
    case "renamed":
      return `${named} is perhaps ${JSON.stringify(is)} now`;
    case "reordered":
      return `columns in another order, from ${JSON.stringify(column)} on`;
    case "type":
      return `${column === undefined ? "a column" : named}: type ${is}, was ${was}`;
    case "size":
      return was === undefined ? `no ${what}` : `${is} ${what}, at least ${was} before`;
    case "dialect":
      return `${what}: ${JSON.stringify(is)}, was ${JSON.stringify(was)}`;
  }
}
