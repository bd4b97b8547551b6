// Pages for a test in a browser, served from another origin than the node's, with the client.
import { readFileSync } from 'node:fs';
import { fake, reply } from './fake.mjs';

const FILES = ['doorbell.js', 'doorbell.mjs', 'server.mjs'];
export const PAGE = '<!doctype html><title>test</title><script src="/doorbell.js"></script>';

// Serves the client, a page, and what it runs as /page.js; resolves with their origin.
export async function servePages(t, { html = PAGE, headers = {}, script = '' } = {}) {
  const server = await fake(t, (request, response) => {
    const name = request.url.slice(1);
    const send = (type, body, more) => reply(response, 200, body, { 'Content-Type': type, ...more });
    if (FILES.includes(name)) {
      send('text/javascript', readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
    } else if (name === 'page.js') {
      send('text/javascript', script);
    } else if (name === '') {
      send('text/html', html, headers);
    } else {
      reply(response, 404);
    }
  });
  return server.url;
}

// A browser with no past, whose pages are served as the test says.
export async function openContext(t, browser, { html, headers, script, ...more } = {}) {
  const origin = await servePages(t, { html, headers, script });
  const context = await browser.newContext(more);
  t.after(() => context.close());
  return { context, origin };
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
