// The browsers that a test runs in: Chromium, and Firefox, which Playwright drives by WebDriver BiDi
// as Debian packs it. Where one is missing, its tests are skipped by name, except where a full run
// is asked for: CI=true or DOORBELL_REQUIRE_BROWSER=1.
import { existsSync } from 'node:fs';
import * as chromium from './chromium.mjs';

const FIREFOX = process.env.FIREFOX || '/usr/bin/firefox-esr';

async function launchFirefox() {
  if (!existsSync(FIREFOX)) throw new Error(`no Firefox at ${FIREFOX}, and it is required here`);
  const { firefox } = await import('playwright-core');
  const options = { executablePath: FIREFOX, channel: 'moz-firefox', headless: true };
  return chromium.patient(await firefox.launch(options));
}

// A page that is never told must fail its test, not hang it.
export const SUITE_MILLIS = 600_000;

export const engines = [
  { name: 'Chromium', skip: chromium.skip, launch: chromium.launch },
  {
    name: 'Firefox',
    skip: !existsSync(FIREFOX) && !chromium.required
      && `no Firefox at ${FIREFOX}: apt-get install firefox-esr`,
    launch: launchFirefox,
  },
];
