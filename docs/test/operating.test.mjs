// Whether what packaging/ has for Prometheus and Grafana is right, and docs/operating.md with it:
// each name of a metric is one that the page has, and promtool takes the rules and their tests.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../js/test/chromium.mjs';
import { accepts, freePort, NGINX, skip as noNginx } from '../../js/test/nginx.mjs';
import { startOwnNode } from '../../js/test/node.mjs';

const read = path => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const PAGE = read('docs/operating.md');
const RULES = fileURLToPath(new URL('../../packaging/prometheus/alerts.yml', import.meta.url));
const DASHBOARD = JSON.parse(read('packaging/grafana/doorbell.json'));

const PROMTOOL = process.env.PROMTOOL || 'promtool';
// Not even a full run has to have it: Debian has it in a package of 96 MB with a server.
const noPromtool = spawnSync(PROMTOOL, ['--version']).status !== 0
  && "no promtool: apt-get install prometheus, or PROMTOOL=… for another's";

// The metrics that the page's table names, with the parts of histograms; and Prometheus's own.
const KNOWN = new Set(['up']);
for (const [, cell, said] of PAGE.matchAll(/^\| (`(?:doorbell|jvm|process)_[^|]*) \| ([^|]*)/gm)) {
  for (const [, name] of cell.matchAll(/`([a-z_]+)(?:\{[a-z,]*\})?`/g)) {
    KNOWN.add(name);
    if (/^(histogram|summary):/.test(said)) KNOWN.add(`${name}_count`).add(`${name}_sum`);
    if (/^histogram:/.test(said)) KNOWN.add(`${name}_bucket`);
  }
}

// What is a name in an expression of PromQL, but no function, label, time or word of the language.
function metrics(expression) {
  const bare = expression.replace(/"[^"]*"/g, '').replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*(?![\w:]|\s*\()/g)].map(([name]) => name)
    .filter(name => !['and', 'or', 'unless', 'bool', 'offset', 'sum', 'min', 'max', 'count']
      .includes(name));
}

function assertKnown(expression) {
  const named = metrics(expression);
  assert.ok(named.length > 0, expression);
  for (const name of named) assert.ok(KNOWN.has(name), `${name} in ${expression}`);
}

// The alerts, without a reader of YAML: a file of ours, in one shape.
function alerts() {
  return read('packaging/prometheus/alerts.yml').split(/^ +- alert: /m).slice(1).map(text => ({
    name: /^\w+/.exec(text)[0],
    expression: /^ +expr: (?:>-\n)?([^]*?)\n +(?:for|labels):/m.exec(text)[1].replace(/\s+/g, ' '),
    text,
  }));
}

test('theNamesOfMetricsAreFoundInExpressions', () => {
  assert.ok(KNOWN.has('doorbell_ready') && KNOWN.has('process_cpu_usage') && KNOWN.size > 30);
  assert.deepEqual(metrics('sum by (a, b) (rate(one_total{c="d"}[5m])) / on (x) two > 0.1'),
    ['one_total', 'two']);
  assert.throws(() => assertKnown('rate(doorbell_waits_total[5m])'), /doorbell_waits_total in/);
});

test('eachAlertNamesMetricsOfANodeAndHasItsLineOnThePage', () => {
  const all = alerts();
  assert.ok(all.length > 10);
  for (const { name, expression, text } of all) {
    assertKnown(expression);
    assert.match(text, /severity: (warning|critical)/, name);
    assert.match(text, /summary: [^]*description: /, name);
    assert.ok(PAGE.includes(`\`${name}\``), `docs/operating.md has no ${name}`);
  }
  const named = new Set([...PAGE.matchAll(/`(Doorbell[A-Z]\w+)`/g)].map(([, name]) => name));
  assert.deepEqual([...named].sort(), all.map(({ name }) => name).sort());
});

// Where there is no promtool, a sentence that was changed in one of the files alone is found here.
test('eachSentenceThatTheTestsOfAlertsExpectIsOneOfTheRules', () => {
  const sentences = file => [...read(file).matchAll(/^ +description: "?(.*?)"?$/gm)]
    .map(([, sentence]) => sentence);
  const told = sentences('packaging/prometheus/alerts.yml');
  const expected = sentences('packaging/prometheus/alerts.test.yml');
  assert.ok(expected.length > 3);
  for (const sentence of expected) assert.ok(told.includes(sentence), sentence);
});

test('prometheusTakesTheRulesAndTheyFireWhenTheyShould', { skip: noPromtool }, () => {
  for (const words of [['check', 'rules', RULES], ['test', 'rules', 'alerts.test.yml']]) {
    const run = spawnSync(PROMTOOL, words, { cwd: dirname(RULES), encoding: 'utf8' });
    assert.equal(run.status, 0, run.stdout + run.stderr);
  }
});

test('eachPanelNamesMetricsOfANodeAndHasItsOwnPlace', () => {
  const panels = DASHBOARD.panels;
  assert.ok(panels.length > 20);
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set();
  for (const { title, type, gridPos: { x, y, w, h }, targets = [] } of panels) {
    assert.ok(x + w <= 24, title);
    for (let i = 0; i < w * h; i++) {
      const place = `${x + i % w},${y + Math.floor(i / w)}`;
      assert.ok(!taken.has(place), `${title} covers another`);
      taken.add(place);
    }
    assert.equal(targets.length > 0, type !== 'row', title);
    for (const { expr } of targets) {
      assertKnown(expr);
      assert.ok(expr.includes('{job=~"$job",instance=~"$instance"'), expr);
    }
  }
  const used = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metrics(expr)));
  const shown = new Set(used.map(name => name.replace(/_(bucket|sum|count)$/, '')));
  const own = [...KNOWN].filter(name => !/_(bucket|sum|count)$/.test(name) && name !== 'up');
  assert.deepEqual(own.filter(name => !shown.has(name)), [], 'metrics without a panel');
});

test('theDashboardAsksTheSourceThatIsChosen', () => {
  const sources = new Set();
  JSON.stringify(DASHBOARD, (key, value) => {
    if (key === 'datasource') sources.add(value.uid);
    return value;
  });
  assert.deepEqual([...sources], ['${datasource}']);
  const variables = DASHBOARD.templating.list.map(({ name }) => name);
  assert.deepEqual(variables, ['datasource', 'job', 'instance']);
});

test('eachFigureOfTheSizesStandsOnItsPage', () => {
  const rows = [...PAGE.matchAll(/^\| [^|]* \| ([^|]*) \| \[[a-z ]+\]\((performance[^)#]*)/gm)];
  assert.ok(rows.length > 8);
  for (const [row, said, page] of rows) {
    const figures = said.match(/[0-9][0-9,.]*(?= (?:bytes|resident|MB|ms|µs|a second|of a core))/g);
    assert.ok(figures?.length > 0, row);
    const text = read(`docs/${page}`);
    for (const figure of figures) {
      assert.match(text, new RegExp(`(?<![0-9,.])${figure.replaceAll('.', '\\.')}(?![0-9])`), row);
    }
  }
});

const PER_ADDRESS = 5;
const REQUESTS = 40;

// nginx with the lines for many ports, before a node that parks some waits of an address.
test('aProxyWithManyAddressesHasMorePortsThanOne', { skip: noNginx }, async t => {
  const node = await startOwnNode({ more: ['--max-waits-per-address', `${PER_ADDRESS}`] });
  t.after(node.stop);
  const [, split] = PAGE.match(/^```nginx\n([^]*?)^```$/m);
  const [, bind] = PAGE.match(/`(proxy_bind [^`]*;)` in the `location`/);
  const url = await startHttp(t, split, `proxy_pass ${node.url}; ${bind}`);
  const statuses = await Promise.all(Array.from({ length: REQUESTS }, () => new Promise((heard, failed) => {
    http.get(`${url}/7?timeout=3`, { agent: false }, answer => {
      answer.resume();
      heard(answer.statusCode);
    }).on('error', failed);
  })));
  const parked = statuses.filter(status => status === 204).length;
  const refused = statuses.filter(status => status === 429).length;
  assert.equal(parked + refused, REQUESTS, `${statuses}`);
  assert.ok(parked > PER_ADDRESS, `${parked} waits are of one address`);
});

test('aProxyReachesTheNodeByAUnixSocket', { skip: noNginx }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-unix-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const node = await startOwnNode({ more: ['--listen', `unix:${folder}/bell.sock`] });
  t.after(node.stop);
  const [, pass] = PAGE.match(/`(proxy_pass http:\/\/unix:[^`]*;)`/);
  const url = await startHttp(t, '', pass.replace('/run/doorbell', folder));
  const woken = fetch(`${url}/7`);
  await fetch(`${node.url}/7`, { method: 'POST' });
  assert.equal((await woken).status, 200);
  assert.equal((await fetch(`${url}/8?timeout=0`)).status, 204);
});

async function startHttp(t, settings, location) {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-operating-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(kind => `${kind}_temp_path ${folder}/${kind};`).join(' ');
  writeFileSync(join(folder, 'conf'), `
    daemon off;
    ${process.getuid() === 0 ? 'user root;' : ''}
    pid ${folder}/pid;
    error_log stderr crit;
    events {}
    http {
      access_log off;
      ${temporary}
      ${settings}
      server { listen 127.0.0.1:${port}; location / { ${location} } }
    }`);
  const nginx = spawn(NGINX, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'conf')],
    { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(nginx, 'exit');
  const kill = () => nginx.kill();
  process.on('exit', kill);
  t.after(async () => {
    process.removeListener('exit', kill);
    kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  await eventually(async () => nginx.exitCode !== null || await accepts(port), 'nginx listens');
  assert.equal(nginx.exitCode, null);
  return `http://127.0.0.1:${port}`;
}
