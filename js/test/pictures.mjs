// Pictures for docs/ that are small: a page as PNG of at most 256 colours, a terminal as SVG, which is text.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { deflateSync, inflateSync } from 'node:zlib';

const COLUMNS = 80;
const [WIDTH, HEIGHT, MARGIN] = [7.8, 19, 18]; // pixels, of a letter, of a line, around them
const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const MOST_COLOURS = 256;

/** Writes a screenshot of a page there, with the options of Playwright. */
export async function shoot(page, path, options) {
  writeFileSync(path, small(await page.screenshot(options)));
}

/** Writes a picture of two windows side by side there. */
export async function picture(browser, windows, path) {
  const shots = await Promise.all(windows.map(page => page.screenshot()));
  const images = shots.map(png => `<img src="data:image/png;base64,${png.toString('base64')}">`);
  const size = windows[0].viewportSize();
  const viewport = { width: 2 * size.width + 66, height: size.height + 42 };
  const page = await browser.newPage({ viewport });
  await page.setContent(`<!doctype html><style>
    body { margin: 0; padding: 20px; display: flex; gap: 22px; background: #d8dde3 }
    img { display: block; border: 1px solid #8a939c; border-radius: 6px }
  </style>${images.join('')}`);
  await shoot(page, path);
  await page.close();
}

// The same picture with a palette.
function small(png) {
  const { width, height, pixels } = decoded(png);
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = paletteOf(counts);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  for (const colour of counts.keys()) {
    if (!places.has(colour)) places.set(colour, nearest(palette, colour));
  }
  const rows = Buffer.alloc((width + 1) * height); // each begins with 0: not filtered
  pixels.forEach((colour, at) => { rows[at + Math.floor(at / width) + 1] = places.get(colour); });
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3], 8); // bits of a pixel, which is a place in the palette
  return Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('PLTE', Buffer.from(palette.flatMap(parts))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

// Of more colours than it holds: the most frequent ones, and those that are least like any of them.
function paletteOf(counts) {
  const rest = [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one));
  const palette = rest.splice(0, MOST_COLOURS / 2);
  const away = rest.map(colour => Math.min(...palette.map(other => distance(colour, other))));
  while (palette.length < MOST_COLOURS && Math.max(...away) > 0) {
    const next = rest[away.indexOf(Math.max(...away))];
    palette.push(next);
    rest.forEach((colour, i) => { away[i] = Math.min(away[i], distance(colour, next)); });
  }
  return palette;
}

const distance = (one, other) =>
  parts(one).reduce((sum, part, i) => sum + (part - parts(other)[i]) ** 2, 0);
const parts = colour => [colour >> 16, colour >> 8 & 255, colour & 255];

function nearest(palette, colour) {
  const away = palette.map(other => distance(colour, other));
  return away.indexOf(Math.min(...away));
}

// What Chromium writes: 8 bits a channel, three or four of them; what is clear is not looked at.
function decoded(png) {
  const data = [];
  for (let at = SIGNATURE.length; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') {
      data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
    }
  }
  const [width, height, bits, kind] = [png.readUInt32BE(16), png.readUInt32BE(20), png[24], png[25]];
  const channels = { 2: 3, 6: 4 }[kind];
  if (bits !== 8 || !channels) throw new Error(`a PNG of ${bits} bits, kind ${kind}`);
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * channels;
  const pixels = new Uint32Array(width * height);
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1) + 1;
    const row = raw.subarray(start, start + stride);
    unfilter(raw[start - 1], row, above, channels);
    for (let x = 0; x < width; x++) pixels[y * width + x] = row.readUIntBE(x * channels, 3);
    above = row;
  }
  return { width, height, pixels };
}

// https://www.w3.org/TR/png-3/#9Filters
function unfilter(filter, row, above, channels) {
  for (let i = 0; i < row.length; i++) {
    const [a, b, c] = [row[i - channels] ?? 0, above[i], above[i - channels] ?? 0];
    const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
    const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    row[i] += [0, a, b, (a + b) >> 1, paeth][filter];
  }
}

function chunk(type, body) {
  const all = Buffer.alloc(body.length + 12);
  all.writeUInt32BE(body.length, 0);
  all.write(type, 4, 'latin1');
  body.copy(all, 8);
  all.writeUInt32BE(crc(all.subarray(4, -4)), all.length - 4);
  return all;
}

function crc(bytes) {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let i = 0; i < 8; i++) sum = sum >>> 1 ^ (sum & 1 && 0xedb88320);
  }
  return ~sum >>> 0;
}

/*
 * A terminal of 80 columns with these lines, dark where its reader is. A line that begins with `$ ` was
 * typed; a longer one goes on in the next.
 */
function terminal(text) {
  const lines = text.trimEnd().split('\n').flatMap(line => line.match(/.{1,80}/g) ?? ['']);
  const [width, height] = [COLUMNS * WIDTH + 2 * MARGIN, lines.length * HEIGHT + 2 * MARGIN];
  const letters = lines.map((line, i) => {
    const typed = /^\$ /.test(line) ? ' class="typed"' : '';
    const [, indent, words] = /^( *)(.*)$/.exec(line);
    const [x, y] = [MARGIN + indent.length * WIDTH, MARGIN + (i + 0.72) * HEIGHT].map(rounded);
    // Whatever its letters are like, a line has its length.
    const length = rounded(words.length * WIDTH);
    return words && `<text${typed} x="${x}" y="${y}" textLength="${length}" `
      + `lengthAdjust="spacingAndGlyphs">${escaped(words)}</text>\n`;
  }).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}"\
 height="${height}">
<style>
  rect { fill: #f6f8fa; stroke: #d0d7de }
  text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328;
    white-space: pre }
  .typed { font-weight: 700 }
  @media (prefers-color-scheme: dark) {
    rect { fill: #15191e; stroke: #3d444d }
    text { fill: #e3e7ea }
  }
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="7"/>
${letters}</svg>
`;
}

/**
 * The picture docs/NAME.svg has these lines, whatever the numbers in them are, and where a line ends;
 * DOORBELL_SCREENSHOT=1 takes it anew. What must be the same is `shape` of the lines.
 */
export function isPictured(name, text, shape = lines => lines.join('')) {
  const file = new URL(`../../docs/${name}.svg`, import.meta.url);
  const picture = terminal(text);
  if (process.env.DOORBELL_SCREENSHOT === '1') writeFileSync(file, picture);
  const [old, now] = [readFileSync(file, 'utf8'), picture].map(svg => JSON.stringify(shape(linesOf(svg)))
    .replace(/ /g, '').replace(/\d[\d.,:]*/g, 'N').replace(/Nm?s/g, 'N'));
  assert.equal(old, now, `docs/${name}.svg is old: script/pictures takes it anew`);
}

const linesOf = svg => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) =>
  text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&'));

const rounded = number => Math.round(number * 10) / 10;
const escaped = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
