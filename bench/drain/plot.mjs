// The ends of waits over the time of a drain, a line for each protocol and one for all.
import { together } from "./drain.mjs";

const [WIDTH, HEIGHT] = [720, 320];
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 560, 50, 264];
const INK = "#6e7781";
const COLOURS = ["#2f81f7", "#8f6fd0", "#3f9460", "#c77b30", "#cf4a58"];
const NAMES = { http1: "HTTP/1.1", http2: "HTTP/2", events: "event streams", websocket: "WebSocket",
  all: "all of them" };
const POINTS = 100;

const text = (x, y, words, anchor = "start", more = "") =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="12" fill="${INK}"${more}>${words}</text>`;

export function plot(run, { waits, seconds }) {
  const times = { ...run.times, all: together(run) };
  const most = Math.max(seconds, ...Object.values(times).map((each) => each.at(-1) / 1_000));
  const x = (second) => (LEFT + (second / most) * (RIGHT - LEFT)).toFixed(1);
  const y = (share) => (BOTTOM - share * (BOTTOM - TOP)).toFixed(1);
  const title = `${waits.toLocaleString("en")} parked waits of each protocol, told to end within ${seconds} s`;
  const drawn = [text(16, 26, title, "start", ' style="font-size:15px;font-weight:600"')];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    drawn.push(`<line x1="${LEFT}" y1="${y(share)}" x2="${RIGHT}" y2="${y(share)}" stroke="${INK}" stroke-opacity="0.25"/>`);
    drawn.push(text(LEFT - 8, Number(y(share)) + 4, `${100 * share} %`, "end"));
  }
  for (let second = 0; second <= most; second++) drawn.push(text(x(second), BOTTOM + 18, second, "middle"));
  drawn.push(text((LEFT + RIGHT) / 2, HEIGHT - 14, "seconds since the signal; answered waits", "middle"));
  drawn.push(`<path d="M${x(0)} ${y(0)}L${x(seconds)} ${y(1)}" stroke="${INK}" stroke-dasharray="4 4" fill="none"/>`);
  Object.entries(times).forEach(([kind, each], index) => {
    const points = Array.from({ length: POINTS + 1 }, (_, i) => {
      const at = Math.min(each.length - 1, Math.floor(i * each.length / POINTS));
      return `${x(each[at] / 1_000)} ${y((at + 1) / each.length)}`;
    });
    const colour = COLOURS[index];
    drawn.push(`<path d="M${points.join("L")}" stroke="${colour}" stroke-width="2" fill="none"/>`);
    const row = TOP + 14 + index * 22;
    drawn.push(`<rect x="${RIGHT + 20}" y="${row - 10}" width="12" height="12" fill="${colour}"/>`);
    drawn.push(text(RIGHT + 40, row, NAMES[kind]));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}"`
    + ` height="${HEIGHT}" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img">\n`
    + `<title>${title}</title>\n${drawn.join("\n")}\n</svg>\n`;
}
