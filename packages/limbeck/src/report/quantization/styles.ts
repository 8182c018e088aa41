/** What the report of a quantization needs beside the reports' own styles. */
export const QUANTIZATION_STYLES: string = `
.profile { display: block; width: 100%; min-width: 42rem; height: auto; margin: 0.5rem 0 1rem; font-size: 13px; fill: var(--muted); }
.profile .grid { stroke: var(--line); }
.profile .bar { fill: var(--student); }
.profile .bar.left { fill: var(--ground); stroke: var(--baseline); stroke-width: 1.5; }
.profile .end { text-anchor: end; }
.profile .middle { text-anchor: middle; }
.layers th:first-child { overflow-wrap: anywhere; min-width: 9rem; }
.layers .left { color: var(--baseline); }
h1 { overflow-wrap: anywhere; }
@media screen and (max-width: 46rem) { .figures th small { display: none; } .figures td { white-space: normal; } }
`;
