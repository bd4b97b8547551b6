// Builds doorbell.js from src/, as `npm run build` does; the result is committed, so that neither the
// node nor a page needs npm.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { minify } from 'terser';

const path = name => fileURLToPath(new URL(name, import.meta.url));

// The text of doorbell.js.
export async function built() {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [path('src/index.mjs')],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    logOverride: { 'commonjs-variable-in-esm': 'silent' }, // meant so: index.mjs serves both
  });
  // Its names pack 4 % better: it is what brings the file below its bound, which a test has.
  const { code } = await minify(text, {
    ecma: 2022,
    compress: { passes: 6, unsafe_arrows: true },
    // What only this file uses; server.mjs needs the others.
    mangle: { properties: { regex: /^_(called|given|wait|rung|url)$/ } },
    format: { preamble: '/* Doorbell, Apache-2.0. Source: js/src */' },
  });
  return code + '\n';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(path('doorbell.js'), await built());
}
