/**
 * The style sheet: system fonts, light and dark, from 360 px up. Colours have a contrast of 4.5:1
 * to their background. A table that is too wide is scrolled in its own region, but only sideways:
 * its heading sticks to the window (in browsers that stick by one axis; else it scrolls along).
 */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f6f6f4; --surface: #ffffff; --raised: #efeeeb;
  --text: #1d1d1b; --muted: #5b5a56; --line: #dcdad5; --strong: #b9b6af;
  --link: #0a55a6; --focus: #0a55a6;
  --good: #17692f; --bad: #a8201a; --wait: #7d4d00; --gone: #5d5c66;
  --good-fill: #3f9d5a; --bad-fill: #c9352d; --wait-fill: #d9982b; --gone-fill: #a3a1ad;
  --bad-ground: #fdeeec; --wait-ground: #fdf4e2;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #141517; --surface: #1c1e21; --raised: #25282c;
    --text: #e7e6e3; --muted: #a9a7a1; --line: #34373c; --strong: #5a5e65;
    --link: #86bcff; --focus: #86bcff;
    --good: #74d493; --bad: #ff9a90; --wait: #efbd63; --gone: #b9b7c3;
    --good-fill: #47a766; --bad-fill: #e0574d; --wait-fill: #c98d2c; --gone-fill: #74727d;
    --bad-ground: #34201f; --wait-ground: #312818;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
code, pre, .path, .mono {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: .92em;
}
a { color: var(--link); text-underline-offset: .15em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 2px; }
bdi { unicode-bidi: isolate; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .35rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
h3 { font-size: .95rem; margin: 0 0 .35rem; overflow-wrap: anywhere; }
p { margin: 0 0 .6rem; max-width: 75ch; }
.muted { color: var(--muted); }
.small { font-size: .87rem; }
.skip { position: absolute; left: -100vw; top: 0; padding: .5rem 1rem; background: var(--surface); z-index: 2; }
.skip:focus { left: 0; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.top { background: var(--surface); border-bottom: 1px solid var(--line); }
.top > div, main, .foot > div { max-width: 84rem; margin: 0 auto; padding: 0 1rem; }
.top > div { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1.25rem; }
.brand { font-weight: 650; padding: .65rem 0; text-decoration: none; color: inherit; }
.top nav { display: flex; gap: .25rem; }
.top nav a { padding: .65rem .5rem; text-decoration: none; border-bottom: 3px solid transparent; }
.top nav a[aria-current] { border-color: var(--link); color: inherit; }
.lake { margin-left: auto; padding: .65rem 0; color: var(--muted); overflow-wrap: anywhere; min-width: 0; }
.lost { max-width: 84rem; margin: 1rem auto 0; padding: 0 1rem; }
.lost .notice { margin: 0; max-width: none; }
main { padding-top: 1rem; padding-bottom: 2.5rem; }
main:focus { outline: none; }
.foot { border-top: 1px solid var(--line); color: var(--muted); font-size: .87rem; }
.foot > div { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding-top: .75rem; padding-bottom: 1.5rem; }
.crumbs ol { display: flex; flex-wrap: wrap; gap: 0 .4rem; list-style: none; margin: 0 0 .35rem; padding: 0; font-size: .9rem; }
.crumbs li + li::before { content: "/"; color: var(--muted); margin-right: .4rem; }
section, .part { margin-top: 1.5rem; }
details { margin-top: 0.75rem; }
.strip, .card { margin-top: 0; }
.title { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0 1rem; }

.answer { margin-top: 0; }
h1.badge { font-size: 1.35rem; white-space: normal; }
.answer ul { margin: 0 0 1rem; padding-left: 1.2rem; }
.answer li { margin: .15rem 0; overflow-wrap: anywhere; }

.notice { background: var(--wait-ground); border: 1px solid var(--line); border-left: 4px solid var(--wait-fill); padding: .6rem .85rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
.notice.bad { background: var(--bad-ground); border-left-color: var(--bad-fill); }
.notice > :last-child { margin-bottom: 0; }
.notice strong { color: var(--wait); }
.notice.bad strong { color: var(--bad); }

.strip { background: var(--surface); border: 1px solid var(--line); border-radius: 6px; margin: 0 0 1rem; }
.strip > p:empty { display: none; }
.strip > p { margin: 0; padding: .55rem .85rem; border-top: 1px solid var(--line); max-width: none; overflow-wrap: anywhere; }
.strip dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); margin: 0; gap: 1px; background: var(--line); border-radius: 6px; overflow: hidden; }
.strip dl > div { background: var(--surface); padding: .55rem .85rem; min-width: 0; }
.strip dt { color: var(--muted); font-size: .82rem; }
.strip dd { margin: 0; font-size: 1.12rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.strip dd small { display: block; font-size: .82rem; font-weight: 400; color: var(--muted); }

.badge { display: inline-block; white-space: nowrap; font-size: .87rem; font-weight: 600; }
.badge::before { display: inline-block; width: 1.15em; text-align: center; margin-right: .1em; }
.sampled, .well { color: var(--good); } .badge.sampled::before, .badge.well::before { content: "✓"; }
.failed, .unwell { color: var(--bad); } .badge.failed::before, .badge.unwell::before { content: "✕"; }
.waiting { color: var(--wait); } .badge.waiting::before { content: "…"; }
.described { color: var(--muted); } .badge.described::before { content: "i"; }
.pruned { color: var(--gone); } .badge.pruned::before { content: "–"; }
.stale { color: var(--wait); } .badge.stale::before { content: "!"; }

.bar { display: block; width: 9rem; height: .7rem; margin-top: .3rem; border-radius: 2px; background: var(--raised); }
.bar .sampled { fill: var(--good-fill); } .bar .failed { fill: var(--bad-fill); }
.bar .described { fill: var(--muted); }
.bar .waiting { fill: var(--wait-fill); } .bar .pruned { fill: var(--gone-fill); }
.bar rect { stroke: var(--surface); stroke-width: .4; }
.key { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .3rem; vertical-align: -.03rem; }
.key .sampled { fill: var(--good-fill); } .key .failed { fill: var(--bad-fill); }
.key .described { fill: var(--muted); }
.key .waiting { fill: var(--wait-fill); } .key .pruned { fill: var(--gone-fill); }

.scroll { overflow-x: auto; overflow-y: clip; background: var(--surface); border: 1px solid var(--line); border-radius: 6px; max-width: 100%; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-variant-numeric: tabular-nums; }
.note { color: var(--muted); font-size: .87rem; margin: 0 0 .35rem; max-width: none; }
.listing tbody th { width: 45%; }
th, td { padding: .38rem .75rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; background: var(--raised); font-size: .85rem; font-weight: 600; white-space: nowrap; }
thead th { position: sticky; top: 0; z-index: 2; }
tbody th { font-weight: 400; }
tbody tr:first-child > * { border-top: 0; }
tbody tr:hover > *, .cells tbody tr:hover > * { background: var(--raised); }
th a { font-weight: inherit; }
thead th a { color: inherit; }
.n { text-align: right; white-space: nowrap; }
.nowrap { white-space: nowrap; }
.name { min-width: 13rem; }
.name .why { display: block; color: var(--muted); font-size: .87rem; margin-top: .1rem; max-width: 70ch; overflow-wrap: anywhere; }
.zero { color: var(--muted); }
.cells { width: auto; min-width: 100%; }
.cells td, .cells th { white-space: nowrap; font-size: .87rem; }
.cells td > bdi { white-space: pre; }
.cells td.long { min-width: 20rem; max-width: 32rem; text-align: left; }
.cells td.long > bdi { white-space: pre-wrap; }
.cells tr > th:first-child { position: sticky; left: 0; width: 3.25rem; min-width: 3.25rem; }
.cells tbody th { color: var(--muted); font-size: .82rem; text-align: right; z-index: 1; background: var(--surface); }
.cells thead th:first-child { z-index: 3; }
.cells th:target { outline: 2px solid var(--focus); outline-offset: -2px; }
.cells th[id] { scroll-margin: 1rem 0 0 3.5rem; }
@media screen and (min-width: 40rem) {
  .pinned tr > :nth-child(2) { position: sticky; left: 3.25rem; }
  .pinned td:nth-child(2) { z-index: 1; background: var(--surface); }
  .pinned thead th:nth-child(2) { z-index: 3; }
  .pinned th[id] { scroll-margin-left: 40%; }
}
.names ol { display: flex; flex-wrap: wrap; gap: .15rem 1rem; list-style: none; margin: .35rem 0 .75rem; padding: 0; font-size: .9rem; }
.cells thead .type { display: block; font-weight: 400; color: var(--muted); font-size: .8rem; }
.null { color: var(--muted); font-style: italic; }

form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin: 0 0 .85rem; }
form label { font-size: .85rem; color: var(--muted); }
form .field { display: grid; gap: .15rem; min-width: 0; flex: 0 1 22rem; }
input, select, button { font: inherit; color: inherit; background: var(--surface); border: 1px solid var(--strong); border-radius: 4px; padding: .35rem .6rem; min-width: 0; max-width: 100%; width: 100%; }
button { width: auto; background: var(--raised); cursor: pointer; font-weight: 600; }
input, select, button { height: 2.3rem; }
::placeholder { color: var(--muted); opacity: 1; }
form > a { padding: .38rem .25rem; }
.tabs { display: flex; flex-wrap: wrap; gap: .25rem; list-style: none; margin: 0 0 .85rem; padding: 0; }
.tabs a { display: inline-block; padding: .3rem .7rem; border: 1px solid var(--line); border-radius: 4px; background: var(--surface); text-decoration: none; }
.tabs a[aria-current] { border-color: var(--link); box-shadow: inset 0 -2px var(--link); font-weight: 600; color: inherit; }
.tabs small { color: var(--muted); font-weight: 400; font-variant-numeric: tabular-nums; }
.pager { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; margin: .75rem 0 0; align-items: baseline; }

.beside { margin: 0 0 1rem; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: .75rem .85rem; min-width: 0; }
.card dl { display: grid; grid-template-columns: minmax(6.5rem, auto) 1fr; gap: .25rem .85rem; margin: 0; }
.card dt { color: var(--muted); }
.card dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.said { display: flex; flex-wrap: wrap; gap: .15rem 1.5rem; margin: 0 0 .75rem; }
.said div { display: flex; gap: .5rem; min-width: 0; }
.said dt { color: var(--muted); white-space: nowrap; }
.said dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.card > :last-child { margin-bottom: 0; }
.card ul { margin: 0; padding-left: 1.1rem; }
pre { margin: .35rem 0 0; padding: .5rem .7rem; background: var(--raised); border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; -webkit-user-select: all; }
.copyable { position: relative; }
.copyable pre { min-height: 2.4rem; }
.copy { display: none; position: absolute; top: .3rem; right: .3rem; padding: .1rem .5rem; border: 1px solid var(--strong); border-radius: 4px; background: var(--surface); color: inherit; font: inherit; font-size: .85rem; cursor: pointer; }
.has-script .copy { display: block; }
.has-script .copyable pre { padding-right: 5.5rem; }
.copyable + p,
pre + p { margin-top: .75rem; }
.code-list > section { border-top: 1px solid var(--line); padding-top: 1rem; }
.actions { display: flex; flex-wrap: wrap; gap: .4rem 1.25rem; align-items: baseline; margin: 0 0 1rem; }
.button { display: inline-block; padding: .35rem .8rem; border: 1px solid var(--strong); border-radius: 4px; background: var(--raised); color: inherit; text-decoration: none; font-weight: 600; }

@media (max-width: 62rem) {
  .strip dl { grid-template-columns: repeat(3, 1fr); }
  .strip dl > div:last-child:nth-child(3n + 2) { grid-column: span 2; }
}
@media (max-width: 40rem) {
  body { font-size: 14.5px; }
  .top > div, main, .foot > div { padding-left: .75rem; padding-right: .75rem; }
  .lake { margin-left: 0; width: 100%; padding-top: 0; font-size: .82rem; }
  .strip dl { grid-template-columns: 1fr 1fr; }
  .strip dl > div:last-child:nth-child(even) { grid-column: auto; }
  .strip dl > div:last-child:nth-child(odd) { grid-column: span 2; }
  th, td { padding: .35rem .55rem; }
  .name { min-width: 10rem; }
  .bar { width: 5rem; }
  .card dl { grid-template-columns: 1fr; gap: 0; }
  .card dd { margin-bottom: .4rem; }
  form .field { flex: 1 1 100%; }
}
@media screen and (max-width: 37.5rem) {
  .scroll:has(> .listing) { overflow: visible; border: 0; background: none; }
  .listing, .listing tbody, .listing tbody tr, .listing tbody th { display: block; }
  .listing thead:not(:has(a)), .listing thead th:not(:has(a)), .listing td:empty, .listing td:has(> .zero) { display: none; }
  .listing thead tr { display: flex; flex-wrap: wrap; margin-bottom: .5rem; }
  .listing thead tr::before { content: "Order by"; color: var(--muted); font-size: .85rem; padding: .35rem .75rem .35rem 0; }
  .listing thead th { position: static; background: none; text-align: left; padding: .35rem .75rem .35rem 0; }
  .listing tbody tr { background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem; margin-bottom: .6rem; }
  .listing tbody th, .listing td { border: 0; padding: .1rem 0; width: auto; min-width: 0; }
  .listing td { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 0 1rem; text-align: right; }
  .listing td::before { content: attr(data-label); color: var(--muted); margin-right: auto; }
  .listing tbody tr:hover > * { background: none; }
}
@media (forced-colors: active) { .badge, .bar, .key { forced-color-adjust: auto; } }
@media print {
  :root { color-scheme: light; --ground: #fff; --surface: #fff; --raised: #fff; --text: #000; --muted: #333; --link: #000; --line: #999; }
  .top nav, .skip, form, .pager, .foot, .actions { display: none; }
  .scroll, .scroll:has(> .cells) { overflow: visible; max-height: none; border: 0; }
  th, td { position: static !important; }
  .cells td, .cells th, .cells td > bdi { white-space: pre-wrap; overflow-wrap: anywhere; }
  tr, .card { break-inside: avoid; }
  main { padding: 0; max-width: none; }
}
`;
