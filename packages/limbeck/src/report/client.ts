/**
 * The scripts that run in the page. They are plain text, because the package has no DOM types and the report no build
 * of its own; they read their figures from JSON and their colors from the style sheet.
 */

/** Draws the charts with uPlot, follows the pointer, and draws again when size or colors change. */
const CHARTS = `
const root = document.documentElement;
const color = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
const names = { student: "Student", baseline: "Baseline", teacher: "Teacher" };
const narrow = () => innerWidth < 736;

function number(value, decimals) {
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

function readOut(figure, chart, index) {
  figure.querySelector(".epoch").textContent = "Epoch " + number(chart.epochs[index], 0);
  const show = (value, decimals) => chart.field === "loss"
    ? value.toLocaleString("en-US", { minimumSignificantDigits: 3, maximumSignificantDigits: 3 })
    : number(value, decimals);
  for (const line of chart.lines) {
    const mean = line.mean[index];
    const row = figure.querySelector('[data-arm="' + line.arm + '"]');
    row.querySelector(".value").textContent = mean === null ? "—" : show(mean, line.seeds > 1 ? 1 : 0);
    const range = row.querySelector(".range");
    if (!range) continue;
    const ends = [line.min[index], line.max[index]].map((end) => show(end ?? 0, 0));
    range.textContent = mean === null ? "" : "(" + ends.join("–") + ")";
  }
}

function drawReference(plot, chart) {
  if (chart.reference === null) return;
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(chart.reference, "y", true));
  ctx.save();
  ctx.strokeStyle = color("teacher");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

function drawLabels(plot, chart) {
  const { ctx, bbox } = plot;
  const last = (line) => line.mean.findLast((value) => value !== null);
  const labels = chart.lines.map((line) => ({ arm: line.arm, y: plot.valToPos(last(line), "y", true) }));
  if (chart.reference !== null) labels.push({ arm: "teacher", y: plot.valToPos(chart.reference, "y", true) });
  labels.sort((a, b) => a.y - b.y);
  const gap = 17 * devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  labels.forEach((label, i) => { if (i > 0) label.y = Math.max(label.y, labels[i - 1].y + gap); });
  for (let i = labels.length - 1, limit = bottom; i >= 0; i--, limit = labels[i + 1].y - gap) {
    labels[i].y = Math.min(labels[i].y, limit);
  }
  ctx.save();
  ctx.font = "600 " + 13 * devicePixelRatio + "px system-ui, sans-serif";
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const { arm, y } of labels) {
    ctx.fillStyle = color(arm);
    ctx.fillText(names[arm], bbox.left + bbox.width + 8 * devicePixelRatio, y);
  }
  ctx.restore();
}

function series(chart) {
  const list = [{}];
  const bands = [];
  for (const line of chart.lines) {
    const base = { spanGaps: true, points: { show: false } };
    if (line.seeds > 1) {
      bands.push({ series: [list.length + 1, list.length], fill: color(line.arm) + "2b" });
      list.push({ ...base, data: line.min }, { ...base, data: line.max });
    }
    const dots = { show: chart.epochs.length < 4, size: 7, fill: color(line.arm) };
    list.push({ ...base, data: line.mean, points: dots, mean: true, stroke: color(line.arm), width: 2 });
  }
  return { list, bands };
}

function axis(label, size) {
  const font = "13px system-ui, sans-serif";
  const shared = { stroke: color("muted"), font, labelFont: font, label, labelSize: 24, size };
  return { ...shared, grid: { stroke: color("line"), width: 1 }, ticks: { show: false } };
}

function roundSplits(plot, splits) {
  const leading = (value) => Number((value / 10 ** Math.floor(Math.log10(value) + 1e-9)).toFixed(6));
  const { min, max } = plot.scales.y;
  const keep = (digits) => splits.map((value) => (digits.includes(leading(value)) ? value : null));
  const inside = (value) => value !== null && value >= min && value <= max;
  return keep([1]).filter(inside).length > 1 ? keep([1]) : keep([1, 2, 5]);
}

function options(figure, chart, list, bands, width) {
  const first = chart.epochs[0];
  const end = chart.epochs.at(-1);
  const element = figure.querySelector(".chart");
  const vertical = axis(chart.field === "loss" ? "Training loss" : "Test errors", narrow() ? 46 : 54);
  if (chart.logarithmic) vertical.filter = vertical.grid.filter = roundSplits;
  vertical.values = (plot, splits) => splits.map((value) => value === null ? "" : value.toLocaleString("en-US"));
  return {
    width, height: element.clientHeight, padding: [10, 74, 0, 0], legend: { show: false },
    scales: {
      x: { time: false, range: first === end ? [first - 1, end + 1] : [first, end] },
      y: { range: [...chart.range], distr: chart.logarithmic ? 3 : 1 },
    },
    axes: [axis("Epoch", 30), vertical],
    cursor: {
      drag: { x: false, y: false }, y: false,
      move: (plot, left, top) => [left < 0 ? left : plot.valToPos(chart.epochs[plot.posToIdx(left)], "x"), top],
      points: { size: (plot, i) => (list[i].mean ? 9 : 0), fill: (plot, i) => list[i].stroke ?? "transparent", width: 0 },
    },
    series: list.map(({ data, mean, ...rest }) => rest), bands,
    hooks: {
      draw: [(plot) => { drawReference(plot, chart); drawLabels(plot, chart); }],
      setCursor: [(plot) => readOut(figure, chart, plot.cursor.idx ?? chart.epochs.length - 1)],
    },
  };
}

function draw(figure, width) {
  const chart = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  const element = figure.querySelector(".chart");
  figure.plot?.destroy();
  const { list, bands } = series(chart);
  const data = [chart.epochs, ...list.slice(1).map((line) => line.data)];
  figure.plot = new uPlot(options(figure, chart, list, bands, width ?? element.clientWidth), data, element);
}

const figures = [...document.querySelectorAll("figure[data-chart]")];
const drawAll = (width) => figures.forEach((figure) => draw(figure, width));
drawAll();
let width = innerWidth;
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; drawAll(); } });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
`;

/** The button that changes between light and dark, and what paper needs: light charts that fit. */
const THEME = `
const toggle = document.getElementById("theme");
const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const label = () => { toggle.textContent = dark() ? "Light colors" : "Dark colors"; };
toggle.hidden = false;
label();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
toggle.addEventListener("click", () => {
  root.dataset.theme = dark() ? "light" : "dark";
  label();
  drawAll();
});
let before;
addEventListener("beforeprint", () => {
  before = { theme: root.dataset.theme, closed: [...document.querySelectorAll("details.print:not([open])")] };
  root.dataset.theme = "light";
  before.closed.forEach((details) => { details.open = true; });
  drawAll(680);
});
addEventListener("afterprint", () => {
  if (before.theme) root.dataset.theme = before.theme; else delete root.dataset.theme;
  before.closed.forEach((details) => { details.open = false; });
  drawAll();
});
`;

/** What the page runs, after uPlot. */
export const CLIENT: string = `(() => {\n"use strict";${CHARTS}${THEME}})();`;

/** What a page without charts runs: the same button, and paper in light colors. */
export const THEME_CLIENT: string = `(() => {\n"use strict";
const root = document.documentElement;
const drawAll = () => {};${THEME}})();`;
