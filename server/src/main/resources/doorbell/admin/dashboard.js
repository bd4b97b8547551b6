// The page: looks at /metrics and /readyz every 2 seconds, and shows numbers and plots.
import {Look, bytes, count, parse, rate, seconds, share, span} from './metrics.js';

const PAUSE = 2000; // ms between two looks
const PATIENCE = 5000; // ms; a node that is silent for longer is lost
const PAST = 600; // seconds that the plots show
const COLOURS = ['--one', '--two', '--three', '--four', '--five', '--six'];
const PROTOCOLS = {http1: 'HTTP/1.1', http2: 'HTTP/2', websocket: 'WebSocket'};
const LOOPS = 8; // more are one line, that of the slowest

const $ = id => document.getElementById(id);
const clock = at => new Date(at * 1000).toTimeString().slice(0, 8);
const renamed = (parts, names) =>
  Object.fromEntries(Object.entries(parts).map(([key, value]) => [names[key] ?? key, value]));
const heap = {area: 'heap'};
const heapMax = look => limit(bytes, look.bound('jvm_memory_max_bytes', heap));
const quantiles = name => look => ({p50: look.quantile(name, 0.5), p99: look.quantile(name, 0.99)});
const per = name => look => ({all: look.rate(name)});
const limit = (text, most) => most > 0 && Number.isFinite(most) ? `of ${text(most)}` : '';
const limitOf = (text, name) => look => limit(text, look.value(name));

// `read` gives a plot's lines, by their names; `least` is the lowest upper end of its axis.
const PLOTS = [
  {title: 'Parked waits', unit: count, least: 4,
    read: look => renamed(look.by('doorbell_parked_waits', 'protocol'), PROTOCOLS),
    aside: limitOf(count, 'doorbell_parked_waits_limit')},
  {title: 'Connections', unit: count, least: 4,
    read: look => ({open: look.value('doorbell_connections'),
      'new, in 1 s': look.rate('doorbell_connections_accepted_total')}),
    aside: limitOf(count, 'doorbell_connections_limit')},
  {title: 'Sets', unit: rate, least: 1, read: look => look.rateBy('doorbell_sets_total', 'result')},
  {title: 'Wakes', unit: rate, least: 1, read: per('doorbell_wakes_total')},
  {title: 'Set to wake', unit: seconds, least: 1e-4, read: quantiles('doorbell_set_to_wake_seconds')},
  {title: 'Hold', unit: seconds, least: 0.1, read: quantiles('doorbell_hold_seconds'),
    aside: () => 'of waits that ended'},
  {title: 'Refusals', unit: rate, least: 1,
    // A node names all statuses; those that never came are left out.
    read: look => {
      const totals = look.by('doorbell_refusals_total', 'status');
      const rates = Object.entries(look.rateBy('doorbell_refusals_total', 'status'))
        .filter(([status]) => totals[status] > 0);
      return look.value('doorbell_refusals_total') ? Object.fromEntries(rates) : {none: 0};
    }},
  {title: 'Store', unit: seconds, least: 1e-4, read: quantiles('doorbell_store_seconds'),
    aside: () => 'a set’s way'},
  {title: 'Store’s queue', unit: count, least: 4,
    read: look => ({'sets not stored yet': look.value('doorbell_store_queue'),
      'errors, in 1 s': look.rate('doorbell_store_errors_total')})},
  {title: 'Loop lag', unit: seconds, least: 1e-3,
    read: look => {
      const lags = look.by('doorbell_loop_lag_seconds', 'loop');
      const loops = Object.keys(lags).sort((a, b) => a - b);
      return loops.length > LOOPS ? {slowest: Math.max(...Object.values(lags))}
        : Object.fromEntries(loops.map(loop => [`loop ${loop}`, lags[loop]]));
    }},
  {title: 'Heap', unit: bytes, least: 2 ** 20, binary: true,
    read: look => ({used: look.value('jvm_memory_used_bytes', heap)}),
    aside: heapMax},
  {title: 'Buffered for clients', unit: bytes, least: 2 ** 10, binary: true,
    read: look => ({bytes: look.value('doorbell_buffered_bytes')}),
    aside: limitOf(bytes, 'doorbell_buffered_limit_bytes')},
  {title: 'Open files', unit: count, least: 16, read: look => ({open: look.value('process_files_open_files')}),
    aside: limitOf(count, 'process_files_max_files')},
  {title: 'CPU', unit: share, least: 0.05, read: look => ({process: cpu(look)}), aside: () => 'of all cores'},
];

// Of each a name, the number, and what stands below it.
const NUMBERS = [
  ['Parked waits', look => count(look.value('doorbell_parked_waits')),
    limitOf(count, 'doorbell_parked_waits_limit')],
  ['Connections', look => count(look.value('doorbell_connections')),
    limitOf(count, 'doorbell_connections_limit')],
  ['Sets', look => rate(look.rate('doorbell_sets_total')), soFar('doorbell_sets_total')],
  ['Wakes', look => rate(look.rate('doorbell_wakes_total')), soFar('doorbell_wakes_total')],
  ['Set to wake, p99', (look, last) => seconds(last.p99), (look, last) => `p50 ${seconds(last.p50)}`],
  ['Refusals', look => rate(look.rate('doorbell_refusals_total')), soFar('doorbell_refusals_total')],
  ['Heap', look => bytes(look.value('jvm_memory_used_bytes', heap)), heapMax],
  ['CPU', look => share(cpu(look)), () => 'of all cores'],
];

function soFar(name) {
  return look => `${count(look.value(name))} so far`;
}

// The JVM says a negative number where it doesn't know.
function cpu(look) {
  const used = look.value('process_cpu_usage');
  return used < 0 ? null : used;
}

const times = []; // of the looks, in seconds; all plots share them

class Plot {
  #what;
  #lines = new Map(); // by name, a value for each of the times
  #drawn; // uPlot, and the names that it has
  #place = document.createElement('figure');
  #aside;

  constructor(what) {
    this.#what = what;
    this.#place.innerHTML = '<figcaption><h2></h2><span></span></figcaption><div></div>';
    this.#place.querySelector('h2').textContent = what.title;
    this.#aside = this.#place.querySelector('span');
    $('plots').append(this.#place);
    new ResizeObserver(() => this.#drawn?.setSize(this.#size())).observe(this.#place);
  }

  // Takes the values of the newest time; without a look there are none.
  add(look) {
    const values = look ? this.#what.read(look) : {};
    for (const name of Object.keys(values)) {
      if (!this.#lines.has(name)) this.#lines.set(name, Array(times.length - 1).fill(null));
    }
    for (const [name, line] of this.#lines) line.push(values[name] ?? null);
    if (look) this.#aside.textContent = this.#what.aside?.(look) ?? '';
  }

  forget(many) {
    for (const line of this.#lines.values()) line.splice(0, many);
  }

  draw(anew) {
    const names = [...this.#lines.keys()];
    const data = [times, ...this.#lines.values()];
    if (this.#drawn && !anew && this.#drawn.names === String(names)) {
      this.#drawn.setData(data);
      return;
    }
    this.#drawn?.destroy();
    this.#drawn = new uPlot(this.#options(names), data, this.#place.lastElementChild);
    this.#drawn.names = String(names);
  }

  #size() {
    return {width: Math.max(100, this.#place.lastElementChild.clientWidth), height: 130};
  }

  #options(names) {
    const {unit, least, binary} = this.#what;
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue(name).trim();
    const axis = {stroke: colour('--quiet'), font: '11px system-ui, sans-serif', ticks: {show: false},
      grid: {stroke: colour('--grid'), width: 1}};
    // Without the mouse over it, a plot tells its newest values.
    const told = text => (plot, value, line, at) => text(at === null ? plot.data[line].at(-1) : value);
    return {
      ...this.#size(),
      cursor: {sync: {key: 'doorbell'}, drag: {x: false, y: false}, y: false},
      scales: {
        x: {range: () => [times.at(-1) - PAST, times.at(-1)]},
        y: {range: (plot, low, high) => [0, Math.max(high ?? 0, least) * 1.08]},
      },
      axes: [
        {...axis, size: 26, space: 70, values: (plot, all) => all.map(at => clock(at).slice(0, 5)),
          incrs: [60, 120, 300]},
        {...axis, size: 62, space: 26, values: (plot, all) => all.map(unit),
          ...binary && {incrs: Array.from({length: 50}, (_, power) => 2 ** power)}},
      ],
      series: [
        {label: 'at', value: told(clock)},
        ...names.map((label, i) => ({label, stroke: colour(COLOURS[i % COLOURS.length]), width: 1.5,
          value: told(unit), points: {show: false, filter: alone}})),
      ],
    };
  }
}

// The values of a line that no other is beside: else nothing of them would be seen.
function alone(plot, line) {
  const values = plot.data[line];
  const found = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null) found.push(i);
  }
  return found.length ? found : null;
}

class Page {
  #plots = PLOTS.map(what => new Plot(what));
  #numbers = NUMBERS.map(() => addNumber());
  #before; // the last scrape
  #latest = {}; // quantiles, which a look without a wake doesn't have
  #seen; // the time of the last answer

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw(true));
  }

  async look() {
    try {
      const [metrics, ready] = await Promise.all([ask('metrics'), ask('readyz')]);
      if (!metrics.ok) throw new Error(`/metrics says ${metrics.status}`);
      const [samples, sentence] = [parse(await metrics.text()), (await ready.text()).trim()];
      if (!samples.size) throw new Error('/metrics has no metrics');
      this.#show({at: performance.now() / 1000, samples});
      state(ready.ok ? 'ready' : 'unready', ready.ok ? 'ready' : `not ready: ${sentence}`);
    } catch (error) {
      this.#lose(error);
    }
  }

  #show(scrape) {
    const look = new Look(scrape, this.#before);
    this.#before = scrape;
    this.#seen = Date.now() / 1000;
    document.querySelector('time').textContent = clock(this.#seen);
    const {version, store, transport} = look.labels('doorbell_info');
    $('about').textContent = [version, store, transport, `up ${span(look.value('process_uptime_seconds'))}`]
      .filter(Boolean).join(' · ');
    const p99 = look.quantile('doorbell_set_to_wake_seconds', 0.99);
    if (p99 !== null || look.restarted) {
      this.#latest = {p99, p50: look.quantile('doorbell_set_to_wake_seconds', 0.5)};
    }
    NUMBERS.forEach(([name, big, small], i) => this.#numbers[i](name, big(look, this.#latest),
      small(look, this.#latest)));
    this.#add(look);
  }

  // The plots have a gap then.
  #lose({message}) {
    const since = this.#seen ? ` since ${clock(this.#seen)}` : '';
    state('lost', /^\/metrics/.test(message) ? message : `no answer${since}; asked again every 2 s`);
    if (times.length) this.#add(null);
  }

  #add(look) {
    const now = Date.now() / 1000;
    times.push(now);
    this.#plots.forEach(plot => plot.add(look));
    const old = times.findIndex(at => at >= now - PAST);
    times.splice(0, old);
    this.#plots.forEach(plot => plot.forget(old));
    this.#draw();
  }

  #draw(anew) {
    if (times.length) this.#plots.forEach(plot => plot.draw(anew));
  }
}

function ask(path) {
  return fetch(path, {cache: 'no-store', signal: AbortSignal.timeout(PATIENCE)});
}

function state(name, text) {
  const place = $('state');
  document.documentElement.className = place.className = name;
  // Else a screen reader would say it every 2 seconds.
  if (place.textContent !== text) place.textContent = text;
  document.title = name === 'ready' ? 'Doorbell' : `${name === 'lost' ? 'no answer' : 'not ready'} – Doorbell`;
}

function addNumber() {
  const place = document.createElement('div');
  place.innerHTML = '<dt></dt><dd></dd><dd></dd>';
  $('numbers').append(place);
  return (...texts) => texts.forEach((text, i) => { place.children[i].textContent = text; });
}

const page = new Page();
for (;;) {
  await page.look();
  await new Promise(resolve => setTimeout(resolve, PAUSE));
}
