import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Arm } from "./protocol.js";

const ARMS: readonly Arm[] = ["teacher", "student", "baseline"];
const HEIGHT = 260;
/** What the axes show before there is anything to draw. */
const EMPTY = { steps: 100, errors: 400, losses: [0.1, 10] } as const;

type Points = Map<number, number>;

/** A curve for each arm over steps, drawn anew as points come in. */
export class Chart {
  readonly #element: HTMLElement;
  readonly #isLogarithmic: boolean;
  readonly #points: Readonly<Record<Arm, Points>> = { teacher: new Map(), student: new Map(), baseline: new Map() };
  #plot: uPlot | undefined;
  #isScheduled = false;
  /** A level across the whole chart, such as the finished teacher's. */
  level: number | undefined;

  constructor(element: HTMLElement, isLogarithmic: boolean) {
    this.#element = element;
    this.#isLogarithmic = isLogarithmic;
    this.#build();
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#build());
  }

  add(arm: Arm, step: number, value: number): void {
    this.#points[arm].set(step, value);
    this.#draw();
  }

  #draw(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.#plot?.setData(this.#data());
    });
  }

  #data(): uPlot.AlignedData {
    const steps = [...new Set(ARMS.flatMap((arm) => [...this.#points[arm].keys()]))].sort((a, b) => a - b);
    if (steps.length === 0) return [[0], ...ARMS.map(() => [null])];
    return [steps, ...ARMS.map((arm) => steps.map((step) => this.#points[arm].get(step)))];
  }

  #size(): { width: number; height: number } {
    return { width: this.#element.clientWidth, height: HEIGHT };
  }

  #build(): void {
    this.#plot?.destroy();
    const axis: uPlot.Axis = {
      stroke: colorOf("muted"),
      grid: { stroke: colorOf("line"), width: 1 },
      ticks: { show: false },
      font: "13px system-ui, sans-serif",
    };
    this.#plot = new uPlot(
      {
        ...this.#size(),
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: (_, __, last) => [0, last || EMPTY.steps] },
          y: this.#isLogarithmic ? { distr: 3, range: lossRange } : { range: errorRange },
        },
        axes: [
          { ...axis, size: 32, values: (_, steps) => steps.map(abbreviate) },
          { ...axis, size: 52, grid: { ...axis.grid, filter: this.#isLogarithmic ? decades : (_, splits) => splits } },
        ],
        series: [
          {},
          ...ARMS.map((arm) => ({ stroke: colorOf(arm), width: 2, spanGaps: true, points: { show: false } })),
        ],
        hooks: { draw: [(plot) => this.#drawLevel(plot)] },
      },
      this.#data(),
      this.#element,
    );
  }

  #drawLevel({ ctx, bbox, valToPos }: uPlot): void {
    if (this.level === undefined) return;
    const y = valToPos(this.level, "y", true);
    ctx.save();
    ctx.strokeStyle = colorOf("teacher");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}

/** Grid lines of a logarithmic axis: powers of ten where there are several, otherwise all. */
function decades(_: uPlot, splits: readonly number[]): (number | null)[] {
  const isPower = (value: number) => Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6);
  return splits.filter(isPower).length < 3 ? [...splits] : splits.map((value) => (isPower(value) ? value : null));
}

/** The first points, before anything is learned, would squeeze the rest into the ground. */
function errorRange(_: uPlot, __: number, most: number): [number, number] {
  return [0, Math.min(most || EMPTY.errors, EMPTY.errors) * 1.05];
}

function lossRange(_: uPlot, least: number, most: number): [number, number] {
  const [low, high] = uPlot.rangeLog(least || EMPTY.losses[0], most || EMPTY.losses[1], 10, true);
  return [low ?? EMPTY.losses[0], high ?? EMPTY.losses[1]];
}

const abbreviate = (step: number) => (step >= 1000 ? `${step / 1000}k` : String(step));

/** A color of the style sheet, resolved: a canvas does not know `light-dark()`. */
function colorOf(name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
