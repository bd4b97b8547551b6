// Builds doorbell.js from src/, as `npm run build` does; the result is committed, so that neither the
// node nor a page needs npm.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const path = name => fileURLToPath(new URL(name, import.meta.url));

export async function built() {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [path('src/index.mjs')],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    banner: { js: '/* Doorbell\'s browser client, built from js/src. SPDX-License-Identifier: Apache-2.0 */' },
    write: false,
    logOverride: { 'commonjs-variable-in-esm': 'silent' }, // meant so: index.mjs serves both
  });
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(path('doorbell.js'), await built());
}
