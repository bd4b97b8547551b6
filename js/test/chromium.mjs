// The system's Chromium for a test. Where it is missing, tests are skipped by name, except where
// a full run is asked for: CI=true or DOORBELL_REQUIRE_BROWSER=1.
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
export const required = process.env.CI === 'true' || process.env.DOORBELL_REQUIRE_BROWSER === '1';
const ARGS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
];

// For a test's `skip`: false, or why.
export const skip = !existsSync(CHROMIUM) && !required
  && `no Chromium at ${CHROMIUM}: apt-get install chromium`;

export async function launch() {
  if (!existsSync(CHROMIUM)) throw new Error(`no Chromium at ${CHROMIUM}, and it is required here`);
  const { chromium } = await import('playwright-core');
  const root = process.getuid && process.getuid() === 0;
  return patient(await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: root ? [...ARGS, '--no-sandbox'] : ARGS,
  }));
}

// For how long a test waits for what comes at once: on a machine that is busy with much else.
export const PATIENCE_MILLIS = 120_000;

export function patient(browser) {
  const { newContext } = browser;
  browser.newContext = async (...options) => {
    const context = await newContext.apply(browser, options);
    context.setDefaultTimeout(PATIENCE_MILLIS);
    return context;
  };
  return browser;
}

// Resolves when the condition holds: for what tells nobody that it has changed.
export async function eventually(condition, what, millis = PATIENCE_MILLIS) {
  const end = performance.now() + millis;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`not in ${millis} ms: ${what}`);
    await delay(20);
  }
}
