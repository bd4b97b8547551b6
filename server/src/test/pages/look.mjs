// How a page looks to its readers.
import assert from 'node:assert/strict';

// What goes wrong in a page: what its policy forbids, and what its code throws.
export function troubles(page) {
  const found = [];
  page.on('pageerror', error => found.push(error.message));
  page.on('console', message => {
    if (/Content.Security.Policy/i.test(message.text())) found.push(message.text());
  });
  return found;
}

// WCAG 2.2, 1.4.3: all text has 4.5 times the contrast of what is behind it. Nothing is wider than the window.
export async function isReadable(page) {
  assert.deepEqual(await page.evaluate(faintTexts), []);
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= room, `${wide} px of ${room}`);
}

function faintTexts() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  // Whatever way a colour is written in: over black and over white, which tells how clear it is.
  const paint = (colours) => {
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = parts => {
    const [red, green, blue] = parts.map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = document.createElement('i');
  ground.style.backgroundColor = 'Canvas';
  document.body.append(ground);
  const base = getComputedStyle(ground).backgroundColor;
  ground.remove();
  const behind = element => {
    const colours = [];
    for (let at = element; at; at = at.parentElement) colours.unshift(getComputedStyle(at).backgroundColor);
    return [base, ...colours];
  };
  const faint = [];
  for (const element of document.body.querySelectorAll('*')) {
    const text = [...element.childNodes].filter(({ nodeType }) => nodeType === 3)
      .map(({ data }) => data).join('').trim();
    const hidden = !element.getClientRects().length || /^(SCRIPT|NOSCRIPT)$/.test(element.tagName);
    if (!text || hidden || element.matches(':disabled')) continue;
    const colours = behind(element);
    const [low, high] = [light(paint(colours)), light(paint([...colours, getComputedStyle(element).color]))]
      .sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(1)}: ${text}`);
  }
  return faint;
}
