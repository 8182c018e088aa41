import type { Arm } from "./protocol.js";

export type Probabilities = Partial<Record<Arm, readonly number[]>>;

const SHOWN: readonly Arm[] = ["teacher", "student"];
const NAMES: Readonly<Record<Arm, string>> = {
  teacher: "The teacher",
  student: "the student",
  baseline: "the baseline",
};

/** Two bars for each digit: what teacher and student take the drawing for. */
export class Bars {
  readonly #rows: readonly HTMLElement[];
  readonly #verdict: HTMLElement;

  constructor(element: HTMLElement, verdict: HTMLElement) {
    this.#verdict = verdict;
    this.#rows = Array.from({ length: 10 }, (_, digit) => rowOf(digit));
    element.append(...this.#rows);
  }

  show(probabilities: Probabilities, hint: string): void {
    this.#rows.forEach((row, digit) => {
      for (const arm of SHOWN) {
        const bar = row.querySelector<HTMLElement>(`.${arm}`)!;
        bar.style.setProperty("--share", String(probabilities[arm]?.[digit] ?? 0));
      }
      const told = probabilities.student ?? probabilities.teacher;
      row.querySelector(".percent")!.textContent = told ? percent(told[digit]!, 0) : "";
    });
    const seen = SHOWN.flatMap((arm) => (probabilities[arm] ? [`${NAMES[arm]} sees ${best(probabilities[arm])}`] : []));
    this.#verdict.textContent = seen.length > 0 ? `${seen.join(", ")}.` : hint;
  }
}

function rowOf(digit: number): HTMLElement {
  const row = document.createElement("div");
  row.className = "row";
  const bars = SHOWN.map((arm) => `<div class="bar ${arm}"><i></i></div>`).join("");
  row.innerHTML = `<span class="digit">${digit}</span><div class="track">${bars}</div><span class="percent"></span>`;
  return row;
}

function best(probabilities: readonly number[]): string {
  const most = Math.max(...probabilities);
  return `a ${probabilities.indexOf(most)} (${percent(most, 0)})`;
}

export function percent(share: number, decimals: number): string {
  return `${(share * 100).toFixed(decimals)}%`;
}
