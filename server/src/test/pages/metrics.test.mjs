// What the dashboard makes of /metrics, without a browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

// A module for pages: Node would take the file for CommonJS.
const source = readFileSync(new URL('../../main/resources/doorbell/admin/metrics.js', import.meta.url), 'utf8');
const { Look, bytes, count, parse, rate, seconds, share, span } =
  await import(`data:text/javascript,${encodeURIComponent(source)}`);

const look = (text, at = 0) => ({ at, samples: parse(text) });

function histogram(counts) {
  return Object.entries(counts).map(([le, value]) => `took_seconds_bucket{le="${le}"} ${value}`).join('\n');
}

test('aSampleHasANameLabelsAndAValue', () => {
  const samples = parse([
    '# HELP waits that are parked {a="b"} 1',
    '# TYPE waits gauge',
    'waits{protocol="http1",node="a\\"b\\\\c\\nd} 5"} 12.0',
    'waits{protocol="http2"} 3 1700000000000',
    'plain 1.5E3',
    'bare{} +Inf',
    'odd NaN\r',
    '',
    'no sample',
  ].join('\n'));
  assert.deepEqual([...samples.keys()], ['waits', 'plain', 'bare', 'odd']);
  assert.deepEqual(samples.get('waits'), [
    { labels: { protocol: 'http1', node: 'a"b\\c\nd} 5' }, value: 12 },
    { labels: { protocol: 'http2' }, value: 3 },
  ]);
  assert.equal(samples.get('plain')[0].value, 1500);
  assert.equal(samples.get('bare')[0].value, Infinity);
  assert.ok(Number.isNaN(samples.get('odd')[0].value));
});

test('valuesAreSumsAndWhatIsNotSaidIsNull', () => {
  const now = new Look(look('m{area="heap",id="a"} 5\nm{area="heap",id="b"} -1\nm{area="other"} 7\nn NaN'));
  assert.equal(now.value('m'), 11);
  assert.equal(now.value('m', { area: 'heap' }), 4);
  assert.equal(now.bound('m', { area: 'heap' }), 5);
  assert.equal(now.value('m', { area: 'none' }), null);
  assert.equal(now.value('n'), null);
  assert.equal(now.value('missing'), null);
  assert.deepEqual(now.by('m', 'area'), { heap: 4, other: 7 });
  assert.deepEqual(now.labels('m'), { area: 'heap', id: 'a' });
  assert.deepEqual(now.labels('missing'), {});
});

test('aRateIsWhatCameBetweenTwoLooks', () => {
  const before = look('sets_total{result="first"} 100\nsets_total{result="already"} 10', 50);
  const now = new Look(look('sets_total{result="first"} 150\nsets_total{result="already"} 10\n'
    + 'sets_total{result="failed"} 4', 52), before);
  assert.equal(now.rate('sets_total'), 27);
  assert.deepEqual(now.rateBy('sets_total', 'result'), { first: 25, already: 0, failed: 2 });
  assert.equal(now.rate('missing'), null);
  const first = new Look(before);
  assert.equal(first.rate('sets_total'), null);
  assert.deepEqual(first.rateBy('sets_total', 'result'), {});
  assert.equal(first.quantile('took_seconds', 0.5), null);
});

test('aCounterThatIsLessThanBeforeBeganAnew', () => {
  const now = new Look(look('sets_total 30', 12), look('sets_total 1000', 10));
  assert.equal(now.rate('sets_total'), 15);
});

test('afterARestartAllCountersBeganAnewWhateverTheySay', () => {
  const before = look('process_uptime_seconds 500\nsets_total 10', 100);
  const now = new Look(look('process_uptime_seconds 5\nsets_total 40', 160), before);
  assert.equal(now.restarted, true);
  assert.equal(now.rate('sets_total'), 8);
  assert.equal(new Look(look('process_uptime_seconds 502', 102), before).restarted, false);
});

test('aQuantileIsOnALineThroughItsBucket', () => {
  const before = look(histogram({ 0.001: 5, 0.01: 5, 0.1: 5, '+Inf': 5 }));
  const now = new Look(look(histogram({ 0.001: 5, 0.01: 95, 0.1: 105, '+Inf': 105 }), 2), before);
  const near = (q, wanted) => assert.ok(Math.abs(now.quantile('took_seconds', q) - wanted) < 1e-9, String(q));
  near(0.5, 0.001 + 0.009 * 50 / 90);
  near(0.9, 0.01);
  near(0.99, 0.01 + 0.09 * 0.9);
  near(1, 0.1);
});

test('bucketsMayComeInAnyOrderAndOfSeveralSeries', () => {
  const before = look('took_seconds_bucket{le="+Inf",loop="0"} 0');
  const now = new Look(look([
    'took_seconds_bucket{le="+Inf",loop="0"} 1', 'took_seconds_bucket{le="10.0",loop="0"} 1',
    'took_seconds_bucket{le="2.0",loop="0"} 0', 'took_seconds_bucket{le="+Inf",loop="1"} 1',
    'took_seconds_bucket{le="10.0",loop="1"} 1', 'took_seconds_bucket{le="2.0",loop="1"} 1',
  ].join('\n'), 2), before);
  assert.equal(now.quantile('took_seconds', 0.5), 2);
});

test('beyondTheLastBoundAQuantileIsThatBoundAndOfNothingItIsNull', () => {
  const before = look(histogram({ 1: 0, '+Inf': 0 }));
  assert.equal(new Look(look(histogram({ 1: 0, '+Inf': 7 }), 2), before).quantile('took_seconds', 0.5), 1);
  assert.equal(new Look(before, before).quantile('took_seconds', 0.5), null);
});

const TEXTS = [
  [count, [[0, '0'], [7, '7'], [0.5, '0.5'], [99.96, '100'], [999, '999'], [9999, '9,999'], [10_000, '10 k'],
    [12_345, '12 k'], [999_999, '1 M'], [1_234_567, '1.2 M'], [2e9, '2 G']]],
  [rate, [[27, '27/s'], [1_234_567, '1.2 M/s'], [0.5, '0.5/s']]],
  [bytes, [[0, '0 B'], [512, '512 B'], [1023.9, '1 kB'], [536_870_912, '512 MB'], [1_610_612_736, '1.5 GB']]],
  [seconds, [[0, '0 s'], [0.0034, '3.4 ms'], [0.000012, '12 µs'], [0.0009999, '1 ms'], [0.9999, '1 s'],
    [1.25, '1.3 s'], [75, '75 s'], [3600, '1 h 0 min']]],
  [share, [[0, '0 %'], [0.123, '12 %'], [0.045, '4.5 %'], [1, '100 %']]],
  [span, [[45.9, '45 s'], [720, '12 min'], [11_520, '3 h 12 min'], [439_200, '5 d 2 h']]],
];

for (const [unit, examples] of TEXTS) {
  test(`${unit.name}IsSaidAsPeopleReadIt`, () => {
    for (const [value, text] of [...examples, [null, '–'], [undefined, '–'], [NaN, '–'], [Infinity, '–']]) {
      assert.equal(unit(value), text, `${value}`);
    }
  });
}
