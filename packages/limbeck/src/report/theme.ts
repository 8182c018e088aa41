/**
 * Colors. Text reaches a contrast of 4.5:1 on its ground in both themes. The three models are blue, orange and gray,
 * which remain three under every common kind of color blindness.
 */
const LIGHT = `
  color-scheme: light;
  --ground: #fdfdfb; --surface: #f5f5f1; --ink: #1b1f24; --muted: #585f68; --line: #dfdfd8;
  --teacher: #5d6671; --student: #0a66b2; --baseline: #b4480a; --focus: #0a66b2;`;

const DARK = `
  color-scheme: dark;
  --ground: #14171b; --surface: #1d2126; --ink: #e7e9ec; --muted: #a2aab4; --line: #343a42;
  --teacher: #b0b9c4; --student: #5cb2f7; --baseline: #f39c5c; --focus: #5cb2f7;`;

/** Sets the colors: those of the system, unless the reader chose others; paper is always light. */
export const THEME_CSS: string = `
:root { ${LIGHT} }
@media screen and (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { ${DARK} } }
@media screen { :root[data-theme="dark"] { ${DARK} } }
.teacher { --arm: var(--teacher); }
.student { --arm: var(--student); }
.baseline { --arm: var(--baseline); }
`;
