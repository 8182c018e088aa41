import { beforeAll, describe, expect, it } from "vitest";
import type { DataQuality } from "../../src/evaluate/data-quality.js";
import type { HelperResult, ModelResult } from "../../src/evaluate/results.js";
import type { ReportData } from "../../src/report/data.js";
import { renderReport } from "../../src/report/report.js";
import { comparison, confusion, model, reportData, sample, teacher } from "./fixture.js";

/** What a reader sees: without scripts, styles and tags. */
function textOf(page: string): string {
  const body = page.slice(page.indexOf("<body>"));
  const visible = body.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, "").replace(/<[^>]*>/g, " ");
  return visible.replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("\u00a0", " ").replace(/\s+/g, " ");
}

function chartJson(page: string, id: string) {
  const found = page.match(new RegExp(`<script type="application/json" id="${id}">([\\s\\S]*?)</script>`));
  return found && JSON.parse(found[1]!);
}

function headings(page: string): readonly string[] {
  return [...page.matchAll(/<h2 id="[^"]*">([^<]*)</g)].map((match) => match[1]!);
}

describe("a full report", () => {
  let page: string;
  let text: string;

  beforeAll(async () => {
    page = await renderReport(reportData());
    text = textOf(page);
  });

  it("has its sections in order", () => {
    expect(headings(page)).toEqual([
      "The models side by side",
      "How they learned",
      "Patience",
      "Other variants",
      "Dark knowledge",
      "What they confuse",
      "How to reproduce",
    ]);
  });

  it("leads with the verdict and the three figures that matter", () => {
    expect(text).toContain("Distillation helped: the student makes 23% fewer errors");
    expect(text).toContain("23× smaller 102,314 parameters; the teacher has 2,395,210");
    expect(text).toContain("94.0 instead of 121.7 27.7 fewer errors than without the teacher (22.7%)");
    expect(text).toContain("12× faster 0.0731 ms a sample; the teacher takes 0.912 ms");
    expect(text).toContain("October 7, 2026, 14:05 UTC");
  });

  it("gives every measure of every model, with seeds and spread", () => {
    expect(text).toContain("94.0 ± 3.0 94 · 97 · 91 121.7 ± 4.0 121 · 118 · 126");
    expect(text).toContain("99.33% 99.06 ± 0.03% 98.78 ± 0.04%");
    expect(text).toContain("9.59 MB 412 KB 412 KB");
    expect(text).toContain("— 0.0214 ± 0.0011");
  });

  it("says what patience was worth", () => {
    expect(text).toContain(
      "With 60 epochs the student made 3 more errors than the baseline (within the noise, p = 0.37).",
    );
    expect(text).toContain("With 300 epochs it made 27.7 fewer errors than the baseline");
    expect(text).toContain(
      "A comparison at 60 epochs, or stopping early there, would have thrown away the better model.",
    );
  });

  it("shows the corrected variant before and after", () => {
    expect(text).toContain("no-threes +3.50 ± 0.10 303.3 ± 17.6 118.3 ± 2.5 213.7 ± 15.6 of 1,010 14.7 ± 2.1 of 1,010");
  });

  it("hands the charts means and ranges over seeds, and the teacher's result", () => {
    const chart = chartJson(page, "chart-errors");
    expect(chart.epochs).toHaveLength(60);
    expect(chart.reference).toBe(67);
    expect(chart.lines.map((line: { arm: string }) => line.arm)).toEqual(["student", "baseline"]);
    expect([chart.lines[0].min.at(-1), chart.lines[0].mean.at(-1), chart.lines[0].max.at(-1)]).toEqual([91, 94, 97]);
    expect(chartJson(page, "chart-loss").logarithmic).toBe(true);
  });

  it("says the same as the charts in tables", () => {
    expect(text).toContain("Test errors by epoch: mean, and lowest to highest over seeds (25 of 60 epochs)");
    expect(text).toContain("300 94.0 (91–97) 121.7 (118–126)");
    expect(page).toContain("<noscript>");
  });

  it("shows each sample as a picture with its distributions", () => {
    expect(page.match(/<img src="data:image\/png;base64,/g)).toHaveLength(12);
    expect(page.match(/<table class="bars"/g)).toHaveLength(12);
    expect(text).toContain("True class: 3");
  });

  it("draws confusion matrices of all three, with the most frequent confusions", () => {
    expect(page.match(/<table class="matrix /g)).toHaveLength(3);
    expect(text).toContain("Student : 282 errors in 30,000 answers, added up over 3 seeds");
    expect(text).toMatch(/Most frequent confusions: +4 taken for 9 \(\d+\),/);
  });

  it("needs nothing but itself", () => {
    const markup = page.replace(/<script>[\s\S]*?<\/script>/g, "");
    expect(markup).not.toMatch(/(?:src|href|srcset|action|poster|data)\s*=\s*["']?\s*(?:https?:)?\/\//i);
    expect(page).not.toMatch(/url\(\s*["']?(?:https?:)?\/\//i);
    expect(page).not.toContain("@import");
    expect(page).toContain("default-src 'none'");
    expect(page.length).toBeLessThan(300_000);
  });

  it("is well built: one h1, captions, labels, alternatives, unique ids", () => {
    expect(page.match(/<h1\b/g)).toHaveLength(1);
    for (const table of page.match(/<table\b[\s\S]*?<\/table>/g)!) expect(table).toMatch(/^<table[^>]*>\s*<caption/);
    for (const image of page.match(/<img\b[^>]*>/g)!) expect(image).toMatch(/alt="[^"]+"/);
    for (const chart of page.match(/<div class="chart[^>]*>/g)!) expect(chart).toMatch(/role="img" aria-label="[^"]+"/);
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]!);
    expect(new Set(ids).size).toBe(ids.length);
    const labels = [...page.matchAll(/aria-labelledby="([^"]+)"/g)].map((match) => match[1]!);
    for (const label of labels) expect(ids).toContain(label);
  });

  it("closes what it opens", () => {
    const markup = page.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, "");
    const open: string[] = [];
    for (const [, slash, name] of markup.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (/^(meta|link|img|br)$/.test(name!)) continue;
      if (slash) expect(open.pop()).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
  });
});

describe("hostile text", () => {
  const attack = `</script><script>alert("x")</script><img src=x onerror='y'>&<!--`;

  it("is escaped wherever it appears", async () => {
    const data = reportData();
    const page = await renderReport(
      reportData({
        name: attack,
        description: attack,
        createdAt: attack,
        recipe: attack,
        losses: [attack],
        classes: data.classes.map(() => attack),
        data: { ...data.data, source: attack },
        environment: { limbeck: attack, node: attack, onnxruntime: attack, cpu: attack, threads: 1 },
        curves: data.curves.map((curve) => ({ ...curve })),
        results: {
          ...data.results,
          verdict: { ...data.results.verdict!, sentence: attack },
          variants: data.results.variants.map((variant) => ({ ...variant, name: attack, description: attack })),
        },
      }),
    );
    expect(page).not.toContain('alert("x")');
    expect(page).not.toContain("<img src=x");
    expect(page).toContain("&lt;script&gt;alert(&quot;x&quot;)");
    expect(page.match(/<script\b/g)).toHaveLength(4);
  });
});

describe("reports of smaller runs", () => {
  const single = comparison([94], [121], null);
  const bare: Partial<ReportData> = {
    results: { student: single.student, baseline: null, verdict: null, teacher: teacher(), helpers: [], variants: [] },
    confusion: { teacher: confusion(67, 1), student: confusion(94, 1), baseline: null },
    curves: reportData().curves.filter((curve) => curve.seed === 0 && curve.arm === "student"),
  };

  it("does without a baseline, and does not claim what it cannot know", async () => {
    const text = textOf(await renderReport(reportData(bare)));
    expect(text).toContain("No baseline was trained, so this run cannot tell whether the teacher helped.");
    expect(text).toContain("94 of 10,000 test samples; there is no baseline to compare with");
    expect(text).not.toMatch(/NaN|undefined|null|Infinity|Baseline/);
  });

  it("reports a single seed without a spread", async () => {
    const page = await renderReport(
      reportData({ ...bare, results: { ...single, teacher: teacher(), helpers: [], variants: [] } }),
    );
    const text = textOf(page);
    expect(text).toContain("one seed, so the spread is unknown");
    expect(text).toContain("too few seeds to know the noise");
    expect(text).not.toContain("±  ");
    expect(text).not.toMatch(/\d ± \d/);
    expect(headings(page)).not.toContain("Patience");
    expect(headings(page)).not.toContain("Other variants");
  });

  it("leaves out what was not recorded", async () => {
    const page = await renderReport(reportData({ ...bare, curves: [], samples: [] }));
    expect(headings(page)).toEqual(["The models side by side", "What they confuse", "How to reproduce"]);
  });

  it("draws a loss where errors were not measured along the way", async () => {
    const curves = reportData().curves.map((curve) => ({
      ...curve,
      points: curve.points.map((point) => ({ ...point, errors: null })),
    }));
    const page = await renderReport(reportData({ curves }));
    expect(chartJson(page, "chart-errors")).toBeNull();
    expect(chartJson(page, "chart-loss").lines).toHaveLength(2);
  });

  it("does not show a temperature that changes nothing", async () => {
    const page = await renderReport(reportData({ temperature: 1 }));
    expect(page.match(/class="teacher soft"/g)).toBeNull();
    expect(textOf(page)).toContain("leaves the teacher's distribution as it is");
  });

  it("stays readable with color images and a hundred classes", async () => {
    const page = await renderReport(
      reportData({
        classes: Array.from({ length: 100 }, (_, i) => `class ${i}`),
        image: { channels: 3, height: 28, width: 28 },
        samples: Array.from({ length: 6 }, (_, i) => sample(i, 100, 3)),
        confusion: { teacher: confusion(300, 1, 100), student: confusion(400, 1, 100), baseline: null },
      }),
    );
    expect(page).not.toContain('class="matrix ');
    expect(textOf(page)).toContain("and 90 other classes");
    expect(page.length).toBeLessThan(300_000);
  });

  it("says what was chosen and why, where the teacher came from, and where students look", async () => {
    const chosen = [
      { variant: null, terms: ["dist (temperature 4)", "cam"], reasons: ["dist: <a wide gap>."] },
      { variant: "short", terms: ["kd"], reasons: ["kd: no labels."] },
    ];
    const page = await renderReport(reportData({ chosen, teachers: [{ file: "big.onnx", sha256: "abc123" }] }));
    const text = textOf(page);
    expect(text).toContain("Why these losses");
    expect(page).toContain("dist: &lt;a wide gap&gt;.");
    expect(text).toContain("big.onnx, sha256 abc123");
    expect(text).toMatch(/Looks where the teacher looks.*0\.871 ± 0\.012/s);
  });

  it("leaves out what does not apply", async () => {
    const { results } = reportData();
    const student = { ...results.student, mapCosine: null };
    const text = textOf(await renderReport(reportData({ results: { ...results, student } })));
    expect(text).not.toMatch(/Looks where|Why these losses|sha256|From the hub|gzip|Weights that are 0/);
  });

  it("says how small students got, and which commits were read", async () => {
    const { results } = reportData();
    const small = <Result extends ModelResult>(result: Result, compressedBytes: number, zeros: number) => {
      return { ...result, compression: { compressedBytes, zeros } };
    };
    const variants = results.variants.map((variant) => ({ ...variant, student: small(variant.student, 70_000, 0) }));
    const student = small(results.student, 51_234, 0.9004);
    const baseline = small(results.baseline!, 52_000, 0.9);
    const commits = { "hf://datasets/who/set/<b>": "c0ffee" };
    const page = await renderReport(reportData({ commits, results: { ...results, student, baseline, variants } }));
    const text = textOf(page);
    expect(text).toMatch(/Size after gzip.*—.*51\.2 KB.*52\.0 KB.*Weights that are 0.*—.*90\.0%.*90\.0%.*Latency/s);
    expect(text).toMatch(/This run.*51\.2 KB after gzip, 90\.0% zeros.*70\.0 KB after gzip\s/s);
    expect(page).toContain("hf://datasets/who/set/&lt;b&gt;, commit c0ffee");
  });

  it("shows members before the teacher, and the chain between teacher and student", async () => {
    const { results } = reportData();
    const helper = (name: string, kind: HelperResult["kind"]): HelperResult => ({ name, kind, result: teacher() });
    const helpers = [helper("teacher/member-0", "member"), helper("assistant-1", "assistant")];
    const page = await renderReport(reportData({ results: { ...results, helpers } }));
    const section = page.slice(page.indexOf('<section aria-labelledby="helpers">'));
    const rows = [...section.slice(0, section.indexOf("</section>")).matchAll(/<th scope="row"[^>]*>(.*?)<small>/g)];
    expect(rows.map(([, name]) => name!.replace(/<[^>]*>/g, "").trim())).toEqual([
      ...["teacher/member-0", "Teacher", "assistant-1", "Student"],
    ]);
    expect(await renderReport(reportData())).not.toContain("From teacher to student");
  });

  it("survives a student without a mistake", async () => {
    const perfect = model([0, 0], { klToTeacher: { mean: 0, sd: 0 } });
    const results = { ...reportData().results, student: perfect };
    const none = { teacher: confusion(0, 1), student: confusion(0, 2), baseline: null };
    const text = textOf(await renderReport(reportData({ results, confusion: none })));
    expect(text).toContain("Most frequent confusions: none, every answer was right.");
    expect(text).not.toMatch(/NaN|Infinity/);
  });
});

describe("what is wrong with the data", () => {
  const named = (index: number, label: string | null, path?: string) => ({ index, label, ...(path ? { path } : {}) });
  const data: DataQuality = {
    classes: [
      { name: "hat", train: 40, test: 5 },
      { name: "shoe", train: 4, test: 5 },
    ],
    duplicates: {
      tested: 10,
      equal: 0,
      near: 1,
      reason: null,
      flat: 2,
      worst: [{ test: named(1, "hat", "/home/me/test/hat/<a>.jpg"), train: named(7, "shoe"), likeness: 0.99999 }],
    },
    labels: {
      train: { asked: 0, note: "It learned from them.", doubted: 0, worst: [] },
      test: {
        asked: 10,
        note: null,
        doubted: 1,
        worst: [{ ...named(3, "hat"), answer: "shoe", probability: 0.97, labelProbability: 0.02 }],
      },
    },
  };
  const corrupt = [{ path: "/home/me/train/hat/1.jpg", problem: "cut short" }];
  const pictures = { train: () => sample(0).shown as Uint8Array, test: () => sample(1).shown as Uint8Array };
  const given = reportData();

  it("is told and shown, without where on the machine it lies", async () => {
    const page = await renderReport({ ...given, results: { ...given.results, data }, corrupt, pictures });
    const text = textOf(page);
    expect(text).toContain("Classes are out of balance. The largest class, hat, has 40 training samples");
    expect(text).toContain("1 image could not be decoded and was left out hat/1.jpg: cut short");
    expect(text).toContain("No test sample equals a training sample. Nearly equal: 1 more (10.0%).");
    expect(text).toContain("2 plain images were not compared.");
    expect(text).toContain("99.9% alike labels differ: hat, shoe hat/<a&gt;.jpg sample 7");
    expect(text).toContain("Of test samples: 1 of 10 labels (10.0%). All are shown.");
    expect(text).toContain("labelled hat teacher: shoe (97.0%), hat 2.0% sample 3");
    expect(text).toContain("Training samples were not judged. It learned from them.");
    expect(page).not.toContain("/home/me");
    expect(page.match(/<img [^>]*width="64"/g)).toHaveLength(3);
  });

  it("has no pictures of rows", async () => {
    const page = await renderReport({ ...given, results: { ...given.results, data } });
    expect(textOf(page)).toContain("The data");
    expect(page).not.toMatch(/<img [^>]*width="64"/);
  });
});
