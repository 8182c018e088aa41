/** The beginning of a text, for people. */
export function excerpt(text: string, most = 160): string {
  const characters = [...text.replace(/\s+/gu, " ")];
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : characters.join("");
}
