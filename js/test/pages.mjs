// Pages for a test in Chromium, served from another origin than the node's, with the client.
import { readFileSync } from 'node:fs';
import { fake, reply } from './fake.mjs';

const FILES = ['doorbell.js', 'doorbell.mjs', 'server.mjs'];
export const PAGE = '<!doctype html><title>test</title><script src="/doorbell.js"></script>';

// A browser with no past, whose pages are served as the test says.
export async function openContext(t, browser, { html = PAGE, headers = {}, ...more } = {}) {
  const server = await fake(t, (request, response) => {
    const name = request.url.slice(1);
    if (FILES.includes(name)) {
      const body = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
      reply(response, 200, body, { 'Content-Type': 'text/javascript' });
    } else if (name === '') {
      reply(response, 200, html, { 'Content-Type': 'text/html', ...headers });
    } else {
      reply(response, 404);
    }
  });
  const context = await browser.newContext(more);
  t.after(() => context.close());
  return { context, origin: server.url };
}

export async function openPage(t, browser, options) {
  const { context, origin } = await openContext(t, browser, options);
  return visit(await context.newPage(), origin);
}

export async function visit(page, origin) {
  page.asked = [];
  page.errors = [];
  page.on('request', request => page.asked.push(request));
  page.on('pageerror', error => page.errors.push(error.message));
  await page.goto(origin + '/');
  return page;
}
