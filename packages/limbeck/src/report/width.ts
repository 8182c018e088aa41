/** Width of a column of class names, in em: that of the longest name, within reason. */
export function headWidth(names: readonly string[], most: number): string {
  const longest = Math.max(...names.map((name) => name.length), 0);
  return `${Math.min(longest * 0.62 + 1.2, most).toFixed(1)}em`;
}
