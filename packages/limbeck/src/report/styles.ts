/** Type, spacing and the parts that several sections share. */
const BASE = `
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
.page { max-width: 1100px; margin: 0 auto; padding: 0 2rem 5rem; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; }
h1 { font-size: 1.25rem; font-weight: 650; margin: 0; }
h2 { font-size: 1.5rem; font-weight: 650; letter-spacing: -0.01em; margin: 0 0 0.75rem; }
h3 { font-size: 1.0625rem; font-weight: 650; margin: 0 0 0.5rem; }
p { max-width: 44rem; margin: 0 0 1rem; }
section { margin-top: 4.5rem; }
.after { margin-top: 1.75rem; }
small, .small { font-size: 0.875rem; line-height: 1.5; }
.muted { color: var(--muted); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.arm { white-space: nowrap; }
.arm::before {
  content: ""; display: inline-block; width: 0.65em; height: 0.65em; margin-right: 0.45em; border-radius: 50%;
  background: var(--arm);
}
button {
  font: inherit; font-size: 0.875rem; color: var(--muted); background: none; border: 1px solid var(--line);
  border-radius: 99px; padding: 0.25rem 0.85rem; cursor: pointer; white-space: nowrap;
}
button:hover { color: var(--ink); border-color: var(--muted); }
summary { cursor: pointer; color: var(--muted); font-size: 0.875rem; width: fit-content; padding: 0.25rem 0; }
summary:hover { color: var(--ink); }
`;

const TABLES = `
.scroll { overflow-x: auto; max-width: 100%; background: /* shadows where there is more to scroll to */
  linear-gradient(90deg, var(--ground) 45%, transparent) 0 0 / 2.5rem 100% local,
  linear-gradient(270deg, var(--ground) 45%, transparent) 100% 0 / 2.5rem 100% local,
  linear-gradient(90deg, var(--line), transparent) 0 2px / 0.9rem calc(100% - 4px),
  linear-gradient(270deg, var(--line), transparent) 100% 2px / 0.9rem calc(100% - 4px); background-repeat: no-repeat; }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; line-height: 1.45; }
caption { text-align: left; color: var(--muted); font-size: 0.875rem; padding: 0 0 0.6rem; }
th, td { padding: 0.6rem 0 0.6rem 1.5rem; text-align: right; vertical-align: baseline; font-weight: 400; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { font-weight: 600; border-bottom: 1px solid var(--muted); padding-bottom: 0.5rem; }
tbody tr + tr > *, tbody + tbody > tr > * { border-top: 1px solid var(--line); }
tbody th { font-weight: 600; }
td small, th small { display: block; color: var(--muted); font-weight: 400; white-space: normal; }
.difference { width: 12.5rem; }
td { white-space: nowrap; }
th.inner:first-child { text-align: right; padding-left: 1.5rem; }
.text { text-align: left; white-space: normal; min-width: 11rem; }
.models { table-layout: fixed; }
.models th:first-child { width: 40%; }
.models th small { max-width: 24rem; }
.models thead small { margin-left: auto; max-width: 12rem; }
.patience { max-width: 44rem; }
`;

const SCATTER = `
.scatter { display: block; width: 100%; max-width: 52rem; height: auto; margin: 1.25rem 0; font-size: 13px; fill: var(--muted); }
.scatter .grid { stroke: var(--line); }
.scatter .level { stroke: var(--teacher); stroke-dasharray: 6 5; }
.scatter .limit { stroke: var(--baseline); stroke-dasharray: 2 4; stroke-width: 2; }
.scatter .front { stroke: var(--student); fill: none; stroke-width: 2; }
.scatter .filled { fill: var(--student); }
.scatter .ring { fill: var(--ground); stroke: var(--student); }
.scatter .name { fill: var(--ink); }
.scatter .middle { text-anchor: middle; }
.scatter .end { text-anchor: end; }
`;

const VERDICT = `
.top { display: flex; justify-content: space-between; align-items: flex-start; gap: 1rem; padding-top: 2rem; }
.verdict {
  font-size: clamp(1.5rem, 4.2vw, 2.375rem); line-height: 1.25; letter-spacing: -0.015em; font-weight: 600;
  max-width: 54rem; margin: 2.5rem 0 1rem; text-wrap: pretty;
}
.tiles { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem; margin: 2.5rem 0 0; padding: 0; }
.tile { background: var(--surface); border-radius: 12px; padding: 1.25rem 1.5rem 1.4rem; }
.tile h2 { font-size: 0.875rem; font-weight: 600; letter-spacing: 0; color: var(--muted); margin: 0 0 0.35rem; }
.tile p { margin: 0; font-size: 0.9375rem; line-height: 1.5; color: var(--muted); }
.tile .figure { font-size: 2rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.02em; color: var(--ink); }
.figure-arm { color: var(--arm); }
.tile .figure small { font-size: 1rem; font-weight: 500; letter-spacing: 0; }
`;

const CHARTS = `
figure { margin: 2rem 0 0; }
figcaption { max-width: 44rem; font-size: 0.875rem; line-height: 1.5; color: var(--muted); margin-top: 0.5rem; }
.readout { display: flex; flex-wrap: wrap; gap: 0.1rem 1.5rem; font-size: 0.9375rem; margin-bottom: 0.5rem; }
.readout .range { color: var(--muted); }
.readout .epoch { min-width: 6rem; font-weight: 600; }
.chart { height: 360px; }
.chart.low { height: 220px; }
.uplot { font-family: inherit; }
.u-vt .u-cursor-x, .u-hz .u-cursor-x { border-right: 1px solid var(--muted); }
figure details { margin-top: 0.5rem; }
figure table { max-width: 44rem; font-size: 0.875rem; }
figure td, figure tbody th { padding-top: 0.25rem; padding-bottom: 0.25rem; }
`;

const SAMPLES = `
.samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19.5rem), 1fr)); gap: 2.5rem 2.5rem;
  list-style: none; margin: 2rem 0 0; padding: 0; }
.samples li { min-width: 0; break-inside: avoid; }
.sample { display: flex; gap: 1rem; align-items: flex-start; margin-bottom: 0.75rem; }
.sample img { width: 84px; height: 84px; object-fit: contain; image-rendering: pixelated; border-radius: 6px;
  border: 1px solid var(--line); flex: none; }
.sample blockquote { margin: 0 0 0.5rem; overflow-wrap: anywhere; }
.sample h3 { margin: 0 0 0.15rem; }
.sample p { margin: 0; font-size: 0.875rem; line-height: 1.45; color: var(--muted); }
.generated { display: grid; grid-template-columns: repeat(auto-fill, minmax(4rem, 1fr)); gap: 0.75rem 0.5rem;
  list-style: none; margin: 1.5rem 0; padding: 0; font-size: 0.75rem; color: var(--muted); }
.generated li { min-width: 0; break-inside: avoid; overflow-wrap: anywhere; line-height: 1.3; }
.generated img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated; border-radius: 4px; }
.generated.windows { grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); }
.generated svg { display: block; width: 100%; height: 4rem; }
.generated polyline { fill: none; stroke: currentColor; stroke-width: 1; opacity: 0.5; vector-effect: non-scaling-stroke; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13.5rem), 1fr)); gap: 1rem 1.25rem;
  list-style: none; margin: 1rem 0 2rem; padding: 0; }
.gallery.pairs { grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); }
.gallery li { display: flex; gap: 0.75rem; align-items: center; font-size: 0.8125rem; line-height: 1.4; min-width: 0; break-inside: avoid; }
.gallery img { width: 64px; height: 64px; object-fit: contain; image-rendering: pixelated; border-radius: 6px;
  border: 1px solid var(--line); flex: none; }
.gallery li > .pair { display: flex; gap: 2px; flex: none; }
.gallery li > div { min-width: 0; }
.gallery strong { display: block; font-size: 0.875rem; overflow-wrap: anywhere; }
.gallery span { color: var(--muted); overflow-wrap: anywhere; }
.files { padding-left: 1.25rem; font-size: 0.875rem; color: var(--muted); overflow-wrap: anywhere; }
.bars { table-layout: fixed; font-size: 0.8125rem; line-height: 1.3; }
.bars th, .bars td { border: 0 !important; padding: 1.5px 0 1.5px 0.6rem; text-align: left; }
.bars thead th { font-weight: 400; color: var(--muted); padding-bottom: 0.3rem; line-height: 1.3; vertical-align: bottom; }
.bars thead th .arm { color: var(--ink); }
.bars th:first-child { width: var(--head); padding-left: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.bars tbody th { font-weight: 400; }
.bars tbody .true th { font-weight: 700; }
.bars td { position: relative; }
.bars td i { display: inline-block; vertical-align: -1px; height: 0.75em; margin-right: 0.35em; background: var(--arm);
  width: calc(var(--p) * (100% - 3.1em)); min-width: 1px; border-radius: 1px; }
.bars td.soft i { opacity: 0.6; }
.bars td.tiny { color: var(--muted); }
`;

const CONFUSION = `
.matrices { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 3rem 3rem;
  margin-top: 2rem; }
.matrices > div { min-width: 0; break-inside: avoid; }
.matrices.wide { grid-template-columns: 1fr; }
.matrix { table-layout: fixed; min-width: calc(var(--head) + var(--columns) * 2.35em); font-size: 0.75rem; line-height: 1; border-collapse: separate; border-spacing: 2px; }
.matrix caption { padding-bottom: 0.5rem; }
.matrix th, .matrix td { border: 0 !important; padding: 0; text-align: center; vertical-align: middle; height: 2.1em; }
.matrix th { font-weight: 500; color: var(--muted); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.matrix tbody th, .matrix thead th:first-child { text-align: right; padding-right: 0.5em; }
.matrix thead th:first-child { width: var(--head); font-size: 0.6875rem; vertical-align: bottom; }
.matrix td { border-radius: 3px;
  background: color-mix(in srgb, var(--arm) calc(var(--s, 0) * 47%), var(--surface)); }
.matrix td.right { background: none; color: var(--muted); font-size: 0.87em; }
.matrix td.none { color: var(--muted); }
.matrix.long thead th:not(:first-child) { height: 7.5em; vertical-align: bottom; }
.matrix.long thead span { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 9em; line-height: 1.2; }
.confusions span { display: inline-block; }
.confusions { font-size: 0.875rem; line-height: 1.5; margin: 0.75rem 0 0; }
`;

const REPRODUCE = `
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 2rem; font-size: 0.9375rem; margin: 0 0 1.5rem; }
dl.facts dt { color: var(--muted); }
dl.facts dd { margin: 0; min-width: 0; }
dl.glossary { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1.25rem 3rem;
  font-size: 0.9375rem; line-height: 1.5; margin: 1rem 0 0; }
dl.glossary dt { font-weight: 600; }
dl.glossary dd { margin: 0; color: var(--muted); }
pre { background: var(--surface); border-radius: 8px; padding: 1rem 1.25rem; margin: 0.5rem 0 0; overflow-x: auto;
  font: 0.8125rem/1.55 ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, monospace; }
footer { margin-top: 4.5rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--muted); font-size: 0.875rem; }
`;

const NARROW = `
@media (max-width: 60rem) {
  .models { font-size: 0.875rem; }
  .models th:first-child { width: 31%; }
  .tile { padding: 1rem 1.1rem; }
  .tile .figure { font-size: 1.75rem; }
}
@media screen and (max-width: 46rem) {
  body { font-size: 1rem; }
  .page { padding: 0 1rem 3rem; }
  .top { padding-top: 1.25rem; }
  .verdict { margin-top: 1.75rem; }
  section { margin-top: 3.5rem; }
  .tiles { grid-template-columns: 1fr; }
  .tile { padding: 1rem 1.25rem; }
  .difference { width: 7rem; }
  .text { min-width: 8.5rem; }
  th, td { padding-left: 1rem; }
  .models, .models thead, .models tbody { display: block; }
  .models caption { display: block; }
  .models tr { display: grid; grid-template-columns: repeat(var(--arms), 1fr); }
  .models thead th:first-child { display: none; }
  .models thead th { padding-left: 0; text-align: left; }
  .models thead small { display: none; }
  .models th:first-child { grid-column: 1 / -1; width: auto; padding-bottom: 0.1rem; }
  .models td { border-top: 0 !important; padding: 0.2rem 0.25rem 0.7rem 0; text-align: left; white-space: normal;
    font-size: 0.8125rem; }
  .chart { height: 300px; }
  .matrix { font-size: 0.6875rem; border-spacing: 1px; }
  dl.facts { grid-template-columns: 1fr; gap: 0; }
  dl.facts dd { margin-bottom: 0.6rem; }
}
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10.5pt; }
  .page { max-width: none; padding: 0; }
  section { margin-top: 2.25rem; }
  button { display: none; }
  h2, h3, caption, thead { break-after: avoid; }
  figure, tr, .tile { break-inside: avoid; }
  pre { white-space: pre-wrap; }
  .scroll { overflow: visible; background: none; }
  .scroll table:not(.matrix) { font-size: 9pt; }
  .scroll small { font-size: 8pt; }
  .scroll :is(th, td):not(:first-child) { padding-left: 0.8rem; }
  .scroll .matrix :is(th, td):not(:first-child) { padding-left: 0; }
  .text { min-width: 7rem; }
  .difference { width: 9rem; }
  .chart, .chart.low { height: auto; }
  figure details:not([open]) { display: none; }
  .tile h2, .tile p { break-after: avoid; }
  .samples { grid-template-columns: 1fr 1fr; gap: 1.5rem 2rem; }
  .matrices:not(.wide) { grid-template-columns: 1fr 1fr; gap: 1.5rem; }
  .matrix { font-size: 0.625rem; border-spacing: 1px; min-width: 0; }
}
`;

/** The report's style sheet, without colors. */
export const STYLES: string = [BASE, TABLES, SCATTER, VERDICT, CHARTS, SAMPLES, CONFUSION, REPRODUCE, NARROW].join("");
