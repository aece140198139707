"""How the page of a run looks: on a wide screen, on a telephone, in the dark, and on paper."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --card: #fff; --text: #1b2430; --soft: #566273; --line: #dfe3e9;
  --stored: #1f7a4d; --skipped: #8a94a3; --doubtful: #b97309; --failed: #c2352b; --rate: #2b6cb8;
  --stored-ground: #e5f4ec; --failed-ground: #fdebe9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --card: #1b212a; --text: #e7ebf0; --soft: #9ca8b8; --line: #303947;
    --stored: #4fbf86; --skipped: #7b8798; --doubtful: #e0a040; --failed: #f0766c; --rate: #6aa9ec;
    --stored-ground: #173226; --failed-ground: #3b1f1d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem clamp(.75rem, 3vw, 2.5rem); max-width: 76rem;
  background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
h1 { margin: 0 0 .75rem; font-size: clamp(1.5rem, 4vw, 2rem); line-height: 1.2; letter-spacing: -.01em; }
h2 { margin: 0 0 1rem; font-size: 1.15rem; }
p { margin: 0 0 1rem; }
.verdict {
  display: inline-block; margin: 0 0 1.25rem; padding: .35rem .85rem; border-radius: 2rem; font-weight: 600;
}
.verdict.stored { background: var(--stored-ground); color: var(--stored); }
.verdict.failed { background: var(--failed-ground); color: var(--failed); }
dl { margin: 0; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin-bottom: 1.5rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr)); gap: 1rem; }
.tiles > div, section {
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem;
}
.tiles strong { display: block; font-size: 1.75rem; line-height: 1.25; font-weight: 650; }
.tiles span { color: var(--soft); font-size: .85rem; }
main { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; margin-top: 1rem; }
section.wide { grid-column: 1 / -1; }
figure { margin: 0 0 1.25rem; }
figcaption { margin-bottom: .5rem; font-weight: 600; font-size: .9rem; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 2rem; }
.pair figure { margin: 0; }
svg { display: block; overflow: visible; }
svg text {
  fill: var(--text); font-size: 14px; paint-order: stroke; stroke: var(--card); stroke-width: 3px;
}
svg .value { text-anchor: end; font-weight: 600; }
svg .tick, svg .unit { fill: var(--soft); font-size: 12px; }
svg .unit, svg .end { text-anchor: end; }
svg .start { text-anchor: start; }
svg .middle { text-anchor: middle; }
svg .grid { stroke: var(--line); }
rect.stored { fill: var(--stored); }
rect.skipped { fill: var(--skipped); }
rect.doubtful { fill: var(--doubtful); }
rect.failed { fill: var(--failed); }
rect.rate { fill: var(--rate); }
table { width: 100%; border-collapse: collapse; font-size: .925rem; }
caption { padding-bottom: .5rem; text-align: left; font-weight: 600; }
th, td { padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); }
th, td { text-align: left; vertical-align: top; }
th { font-weight: 500; }
thead th { border-top: 0; color: var(--soft); font-size: .85rem; white-space: nowrap; }
tfoot th, tfoot td { font-weight: 650; }
.number { text-align: right; padding-right: 0; white-space: nowrap; }
.number + .number { padding-left: 1rem; }
.number:first-child { padding-right: 1rem; }
.state { font-weight: 600; white-space: nowrap; }
.state.doubtful { color: var(--doubtful); }
.state.failed { color: var(--failed); }
.uid { display: block; color: var(--soft); font-size: .8rem; }
.files tbody th { width: 36%; }
.unseen { position: absolute; width: 1px; height: 1px; padding: 0; overflow: hidden; clip-path: inset(50%); }
.rest { margin: 1rem 0 0; color: var(--soft); }
footer { margin-top: 1.5rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 48rem) {
  body { padding-top: 1.25rem; }
  main, .pair { grid-template-columns: minmax(0, 1fr); }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .75rem; }
  .tiles > div, section { padding: .9rem; }
  .tiles strong { font-size: 1.35rem; }
  .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack caption { display: block; }
  .stack, .stack tbody { display: block; }
  .stack tr { display: block; padding: .6rem 0; border-top: 1px solid var(--line); }
  .stack :is(th, td) { display: block; width: auto; padding: 0; border: 0; }
  .stack :is(th, td) { text-align: left; white-space: normal; }
  .stack td[data-name]::before { content: attr(data-name) ": "; color: var(--soft); font-weight: 400; }
  .stack td:empty { display: none; }
}
@media print {
  :root {
    --ground: #fff; --card: #fff; --text: #000; --soft: #444; --line: #bbb;
    --stored: #1f7a4d; --skipped: #8a94a3; --doubtful: #b97309; --failed: #c2352b; --rate: #2b6cb8;
    --stored-ground: #fff; --failed-ground: #fff;
  }
  body { padding: 0; max-width: none; font-size: 10pt; }
  section, .tiles > div, tr, figure { break-inside: avoid; }
  section.wide { break-inside: auto; }
  .verdict { padding: 0; }
  rect { print-color-adjust: exact; }
}
"""
"""Its only style sheet."""
