// Pages from `localhost`, which is another site than the node's 127.0.0.1. They run their own script
// from there, as a page with a strict policy must, and note what goes wrong in them: Firefox tells
// of each error of its console as of one in the page.
import { servePages, visit } from './pages.mjs';

const NOTES_ERRORS = `
  var errors = [];
  addEventListener('error', event => errors.push(event.message));
  addEventListener('unhandledrejection', event => errors.push(String(event.reason)));
`;

// Serves a page with these headers that loads the client from `client` and then runs `script`.
export async function site(t, { headers, script = '', client = '/doorbell.js' } = {}) {
  const html = '<!doctype html><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,">'
    + `<script nonce="once" src="${client}"></script><script nonce="once" src="/page.js"></script>`;
  const url = await servePages(t, { html, headers, script: NOTES_ERRORS + script });
  return url.replace('127.0.0.1', 'localhost');
}

export async function openPage(t, browser, options) {
  const context = await browser.newContext();
  t.after(() => context.close());
  return visit(await context.newPage(), await site(t, options));
}

export function errorsOf(page) {
  return page.evaluate(() => errors);
}
