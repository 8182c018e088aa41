/** What the playground has beside the reports' style sheet. */
export const PLAYGROUND_STYLES: string = `
.page { max-width: 60rem; }
.intro { margin: 1.5rem 0 0; }
.play { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 2.5rem; margin-top: 2rem; }
.play h2 { font-size: 1.0625rem; letter-spacing: 0; }
.drop { display: block; border: 2px dashed var(--line); border-radius: 12px; padding: 1.5rem 1.25rem; text-align: center; cursor: pointer; background: var(--surface); }
.drop:hover, .drop:focus-within, .drop.over { border-color: var(--focus); }
.drop:focus-within { outline: 2px solid var(--focus); outline-offset: 2px; }
.drop strong { display: block; font-weight: 600; }
.seen { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1rem 0 0; }
.seen[hidden] { display: none; }
.seen figure { margin: 0; flex: 1 1 8rem; max-width: 11rem; min-width: 0; }
.seen img, .seen canvas { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; border: 1px solid var(--line); border-radius: 8px; background: var(--surface); }
.seen canvas { image-rendering: pixelated; }
.seen .wide { max-width: none; }
.seen .wide canvas { aspect-ratio: auto; }
audio { width: 100%; margin-top: 0.5rem; }
.pad { display: block; width: 100%; max-width: 17.5rem; aspect-ratio: var(--aspect); background: #000; border-radius: 8px; border: 1px solid var(--line); touch-action: none; cursor: crosshair; }
.draw { margin-top: 1.5rem; }
.draw button { margin-top: 0.5rem; }
textarea { width: 100%; font: 0.9375rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color: var(--ink); background: var(--surface); border: 1px solid var(--muted); border-radius: 8px; padding: 0.75rem; resize: vertical; }
select { max-width: 100%; font: inherit; font-size: 0.875rem; color: var(--ink); background: var(--surface); border: 1px solid var(--muted); border-radius: 6px; padding: 0.2rem 0.5rem; }
button.main { color: var(--ground); background: var(--student); border-color: var(--student); margin-top: 0.75rem; padding: 0.4rem 1.1rem; }
button.main:hover { color: var(--ground); filter: brightness(1.08); }
.answer { min-height: 16rem; }
.answer .top-label { font-size: 1.75rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.02em; margin: 0 0 1rem; overflow-wrap: anywhere; }
.answers { list-style: none; margin: 0; padding: 0; }
.answers li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0.1rem 1rem; padding: 0.35rem 0; font-size: 0.9375rem; }
.answers span:first-child { overflow-wrap: anywhere; }
.answers i { grid-column: 1 / -1; display: block; height: 0.5rem; border-radius: 99px; background: var(--line); overflow: hidden; }
.answers + p { margin-top: 1rem; }
footer a { color: var(--focus); }
.answers b { display: block; height: 100%; width: calc(var(--p) * 100%); min-width: 2px; background: var(--student); border-radius: 99px; transition: width 0.15s; }
.trouble { color: var(--baseline); font-weight: 600; }
@media (max-width: 46rem) { .play { grid-template-columns: minmax(0, 1fr); gap: 1.5rem; } }
@media (prefers-reduced-motion: reduce) { .answers b { transition: none; } }
`;
