// A figure as an SVG of horizontal bars, a median each, with the single rounds as dots. The colours
// have enough contrast on white and on black.
import { figures } from "./figures.mjs";
import { filled, grouped, judged, medianOf } from "./summary.mjs";

const WIDTH = 720;
const LEFT = 244; // of the axis
const RIGHT = 624; // where it ends; behind it, the medians are written
const TOP = 64;
const ROW = 34;
const BAR = 18;
const TICKS = 5;
const FURTHEST = 2.2; // of the longest bar: rounds beyond are drawn at the edge
const INK = "#6e7781";
const LIMIT = "#cf4a58";
const COLOURS = { node: "#2f81f7", os: "#5b8fd6", always: "#8899c9", peer: "#c77b30",
  floor: "#3f9460", kept: "#6f9f82" };
const SERIES = ["#2f81f7", "#8f6fd0", "#3f9460", "#c77b30"];

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}

function text(x, y, words, { anchor = "start", size = 13, weight = 400, fill = INK } = {}) {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}"` +
    ` font-weight="${weight}" fill="${fill}">${escaped(words)}</text>`;
}

// A round step, so that a few of them make up the length.
function step(length) {
  const rough = length / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
}

// Limits of a figure that can be drawn: numbers, or what the median would be at the bar's ratio.
function limits(name, samples) {
  return judged(samples)
    .filter(({ bar: { of: [figure, subject] } }) => figure === name && subject !== "end")
    .filter(({ bar }) => !bar.text.startsWith("one variable"))
    .map(({ bar, value, ratio }) => {
      const factor = bar.atMost ?? bar.below ?? bar.atLeast ?? bar.above;
      return { at: ratio === undefined ? factor : factor * value / ratio, subject: bar.of[1] };
    });
}

function axis(scale, most, height, unit) {
  const size = step(most);
  const digits = [0, 1, 2].find((count) => Number.isInteger(size * 10 ** count)) ?? 3;
  const parts = [];
  for (let value = 0; value <= most * 1.0001; value += size) {
    const x = scale(value).toFixed(1);
    parts.push(`<line x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${height - 46}" stroke="${INK}"` +
      ` stroke-opacity="0.25"/>`);
    parts.push(text(x, height - 28, grouped(value, digits), { anchor: "middle", size: 12 }));
  }
  parts.push(text((LEFT + RIGHT) / 2, height - 8, unit, { anchor: "middle", size: 12 }));
  return parts;
}

function row(index, { label, value, values, colour, digits }, scale, most) {
  const y = TOP + index * ROW;
  const middle = y + BAR / 2;
  const width = Math.max(1, scale(value) - LEFT).toFixed(1);
  const dots = values.map((one) => {
    const [x, beyond] = [scale(Math.min(Math.max(one, 0), most)), one > most];
    return `<circle cx="${x.toFixed(1)}" cy="${middle}" r="3" fill="${beyond ? "none" : colour}"` +
      ` stroke="${beyond ? colour : INK}" stroke-opacity="0.9"/>`;
  });
  return [
    text(LEFT - 10, middle + 4.5, label, { anchor: "end" }),
    `<rect x="${LEFT}" y="${y}" width="${width}" height="${BAR}" rx="2" fill="${colour}"` +
      ` fill-opacity="0.75"/>`,
    ...(values.length > 1 ? dots : []),
    text(WIDTH - 12, middle + 4.5, grouped(value, digits), { anchor: "end", weight: 600 }),
  ];
}

// Marks how far the bar of its subject may reach, or has to.
function limitMark({ at, subject }, subjects, scale, most) {
  const index = subjects.indexOf(subject);
  if (at > most || index < 0) return "";
  const x = scale(at).toFixed(1);
  const y = TOP + index * ROW;
  return `<line x1="${x}" y1="${y - 6}" x2="${x}" y2="${y + BAR + 6}" stroke="${LIMIT}"` +
    ` stroke-width="2.5"/>`;
}

function rowsOf(name, { samples, settings }) {
  const { subjects, digits } = figures[name];
  return Object.entries(subjects).map(([subject, label], index) => ({
    subject, label: filled(label, settings), digits, values: samples[name][subject],
    value: medianOf(samples, name, subject),
    colour: "floor" in subjects ? COLOURS[subject] ?? "#8c959f" : SERIES[index % SERIES.length],
  }));
}

export function plot(name, run) {
  const { unit, title } = figures[name];
  const rows = rowsOf(name, run);
  const marks = limits(name, run.samples);
  const longest = Math.max(...rows.map(({ value }) => value));
  const reach = Math.max(...rows.flatMap(({ values }) => values), ...marks.map(({ at }) => at));
  const most = Math.max(Math.min(reach, longest * FURTHEST) * 1.04, 1e-3);
  const scale = (value) => LEFT + (Math.max(value, 0) / most) * (RIGHT - LEFT);
  const height = TOP + rows.length * ROW + 46;
  const subjects = rows.map(({ subject }) => subject);
  const drawn = [
    text(16, 26, filled(title, run.settings), { size: 15, weight: 600 }),
    text(16, 45, legend(rows, marks, most), { size: 12 }),
    ...axis(scale, most, height, unit),
    ...rows.flatMap((each, index) => row(index, each, scale, most)),
    ...marks.map((mark) => limitMark(mark, subjects, scale, most)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}"` +
    ` width="${WIDTH}" height="${height}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans',` +
    ` sans-serif" role="img">\n<title>${escaped(filled(title, run.settings))}</title>\n` +
    `${drawn.filter(Boolean).join("\n")}\n</svg>\n`;
}

function legend(rows, marks, most) {
  const values = rows.flatMap((each) => each.values);
  const rounds = values.length / rows.length;
  const beyond = values.some((value) => value > most);
  return [
    rounds > 1 ? `median of ${rounds} rounds, and each of them as a dot` : "one run",
    ...(beyond ? ["hollow dots: further out"] : []),
    ...(marks.some(({ at }) => at <= most) ? ["red: what is to be met"] : []),
  ].join("; ");
}
