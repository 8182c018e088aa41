/** Colors of models that remain apart under the common kinds of color blindness, after Wong 2011; darker on light grounds. */
const LIGHT = ["#5d6671", "#0a66b2", "#b4480a", "#00805f", "#a3477f", "#8a6d00", "#3f8fbf", "#7a4fb5"];
const DARK = ["#b0b9c4", "#5cb2f7", "#f39c5c", "#3ecfa5", "#e38cc0", "#dcc04a", "#9fd6f5", "#bda0ee"];

const set = (colors: readonly string[]) => colors.map((color, i) => `--m${i}: ${color};`).join(" ");

/** What the report of an evaluation needs beside the reports' own styles. */
export const EVALUATION_STYLES: string = `
:root { ${set(LIGHT)} }
@media screen and (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { ${set(DARK)} } }
@media screen { :root[data-theme="dark"] { ${set(DARK)} } }
${LIGHT.map((_, i) => `.m${i} { --arm: var(--m${i}); }`).join("\n")}
:is(h1, h3, p, dt, summary) .arm { white-space: normal; overflow-wrap: anywhere; }
dl.facts dt { min-width: 0; max-width: 18rem; }
.sentences { list-style: none; padding: 0; margin: 1.5rem 0 0; max-width: 54rem; }
.sentences li { margin: 0 0 0.75rem; }
.measures th[scope=row] { min-width: 9rem; }
.measures th[scope=row] small { max-width: 26rem; }
.diagrams { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 2rem; margin: 1.5rem 0 2.5rem; }
.diagrams figure { margin: 0; min-width: 0; break-inside: avoid; }
.diagram { display: block; width: 100%; height: auto; font-size: 11px; fill: var(--muted); overflow: visible; }
.diagram .grid { stroke: var(--line); }
.diagram .ideal { stroke: var(--muted); stroke-dasharray: 4 4; }
.diagram .bar { fill: var(--arm); opacity: 0.35; }
.diagram .count { fill: var(--muted); opacity: 0.35; }
.diagram .line { fill: none; stroke: var(--arm); stroke-width: 2; }
.diagram .thin { stroke-width: 1; }
.diagram .dot { fill: var(--arm); }
.diagram .middle { text-anchor: middle; }
.diagram .end { text-anchor: end; }
.gallery.trios { grid-template-columns: repeat(auto-fill, minmax(min(100%, 23rem), 1fr)); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; font-size: 0.9375rem; margin: 1rem 0 0; }
@media screen and (max-width: 46rem) { .measures th small { display: none; } .measures th[scope=row] { min-width: 6.5rem; } }
`;
