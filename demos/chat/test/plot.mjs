// Two rows of bars: the back end's requests in each 100 ms, when all are woken at once and when paced.
const WIDTH = 720;
const ROW = 150;
const LEFT = 60;

export function plot({ atOnce, paced, SPREAD, READERS, RATE_LIMIT }) {
  const top = Math.max(...atOnce, RATE_LIMIT);
  const step = (WIDTH - LEFT - 20) / atOnce.length;
  const row = (counts, y, title, color) => {
    const base = y + ROW;
    const height = count => count / top * (ROW - 14);
    const bars = counts.map((count, i) => count && `<rect x="${(LEFT + i * step + 1).toFixed(1)}" y="${
      (base - height(count)).toFixed(1)}" width="${(step - 2).toFixed(1)}" height="${
      height(count).toFixed(1)}" fill="${color}"/>`).filter(Boolean);
    const limit = base - height(RATE_LIMIT);
    return `<text x="${LEFT}" y="${y - 6}" font-weight="600">${title}</text>
${bars.join('\n')}
<path d="M${LEFT} ${base}H${WIDTH - 20}" stroke="#8a939c"/>
<path d="M${LEFT} ${limit.toFixed(1)}H${WIDTH - 20}" stroke="#c2410c" stroke-dasharray="4 4"/>
<text x="${LEFT - 8}" y="${(limit + 4).toFixed(1)}" text-anchor="end" fill="#c2410c">${RATE_LIMIT}</text>
<text x="${LEFT - 8}" y="${(base - height(Math.max(...counts)) + 4).toFixed(1)}" text-anchor="end">${
  Math.max(...counts)}</text>`;
  };
  const ticks = Array.from({ length: Math.floor(atOnce.length / 5) + 1 }, (_, i) =>
    `<text x="${(LEFT + i * 5 * step).toFixed(1)}" y="402" text-anchor="middle">${i / 2} s</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} 436" font-family="sans-serif" \
font-size="13" fill="#333c44">
<rect width="100%" height="100%" fill="#fff"/>
${row(atOnce, 30, `${READERS} readers woken at once: requests in each 100 ms`, '#94a3b8')}
${row(paced, 230, `The same with ?spread=${SPREAD}: never more than the limit`, '#2563eb')}
${ticks.join('\n')}
<text x="${LEFT}" y="424" fill="#76808a">Time since the message, as seen by the readers. \
Made by the chat's test, from a real run.</text>
</svg>
`;
}
