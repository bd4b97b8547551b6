// What a node's /metrics says, and how people read it. Nothing here knows the page or a clock.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+([-+]?(?:\d[\d.eE+-]*|Inf)|NaN)(?:[ \t]+-?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

// Prometheus's text format 0.0.4 as a map from each name to its samples: [{labels, value}].
export function parse(text) {
  const samples = new Map();
  for (const line of text.split('\n')) {
    const match = LINE.exec(line.trim());
    if (!match) continue; // a comment, or nothing
    const [, name, list = '', value] = match;
    const labels = {};
    for (const [, label, quoted] of list.matchAll(LABEL)) {
      labels[label] = quoted.replace(/\\(.)/g, (_, char) => char === 'n' ? '\n' : char);
    }
    if (!samples.has(name)) samples.set(name, []);
    samples.get(name).push({labels, value: number(value)});
  }
  return samples;
}

function number(text) {
  return Number(text.replace(/^([+-]?)Inf$/, '$1Infinity'));
}

// One scrape beside the one before it, if there is one: {at, samples}, with `at` in seconds. All
// answers are null where the node doesn't say.
export class Look {
  #now;
  #before;
  seconds = null; // that the counters counted for
  restarted = false;

  constructor(now, before) {
    this.#now = now.samples;
    const uptime = this.value('process_uptime_seconds');
    if (!before) return;
    const last = new Look(before).value('process_uptime_seconds');
    this.restarted = uptime !== null && last !== null && uptime < last;
    this.#before = this.restarted ? new Map() : before.samples;
    const past = now.at - before.at;
    this.seconds = this.restarted ? Math.min(past, uptime) : past;
  }

  // The sum over all series with these labels.
  value(name, labels = {}) {
    return sum(of(this.#now, name, labels));
  }

  // The sum of what is known: the JVM says -1 where it has no bound.
  bound(name, labels) {
    return sum(of(this.#now, name, labels).filter(({value}) => value >= 0));
  }

  labels(name) {
    return this.#now.get(name)?.[0].labels ?? {};
  }

  // The sums by a label's values: {http1: 3, …}.
  by(name, label) {
    return sums(this.#now, name, label);
  }

  // How much a counter counts in a second.
  rate(name) {
    const count = this.#increase(name, () => '');
    return count && this.seconds > 0 ? (count.get('') ?? 0) / this.seconds : null;
  }

  rateBy(name, label) {
    const counts = this.#increase(name, labels => labels[label]);
    if (!counts || !(this.seconds > 0)) return {};
    return Object.fromEntries([...counts].map(([key, count]) => [key, count / this.seconds]));
  }

  // A quantile of what a histogram was told since the look before, by a line through the bucket, as
  // Prometheus does; null if it was told nothing.
  quantile(name, q) {
    const counts = this.#increase(name + '_bucket', labels => number(labels.le ?? ''));
    if (!counts) return null;
    const buckets = [...counts].sort(([a], [b]) => a - b);
    const total = buckets.at(-1)?.[1];
    if (!total) return null;
    let lower = 0;
    let below = 0;
    for (const [bound, count] of buckets) {
      if (count >= q * total && count > below) {
        return bound === Infinity ? lower : lower + (bound - lower) * (q * total - below) / (count - below);
      }
      [lower, below] = [bound, count];
    }
    return lower;
  }

  // By key(labels), how much more the counters are; null if there are none, or no look before. One
  // that is less than before began anew.
  #increase(name, key) {
    const series = of(this.#now, name);
    if (!series.length || !this.#before) return null;
    const before = new Map(of(this.#before, name).map(one => [text(one.labels), one.value]));
    const counts = new Map();
    for (const {labels, value} of series) {
      const last = before.get(text(labels)) ?? 0;
      const more = value >= last ? value - last : value;
      counts.set(key(labels), (counts.get(key(labels)) ?? 0) + more);
    }
    return counts;
  }
}

function text(labels) {
  return JSON.stringify(Object.entries(labels).sort());
}

function of(samples, name, wanted = {}) {
  return (samples.get(name) ?? []).filter(({labels, value}) => !Number.isNaN(value)
    && Object.entries(wanted).every(([label, is]) => labels[label] === is));
}

function sum(series) {
  return series.length ? series.reduce((all, {value}) => all + value, 0) : null;
}

function sums(samples, name, label) {
  const all = {};
  for (const {labels, value} of of(samples, name)) {
    all[labels[label]] = (all[labels[label]] ?? 0) + value;
  }
  return all;
}

// What follows gives "–" for null.

// Of things: 9,999 and 1.2 M; of rates, 0.5 too.
export function count(value) {
  return say(value, () => {
    if (value < 10_000) {
      const text = Number(value.toFixed(value < 100 ? 1 : 0));
      return String(text).replace(/\B(?=\d{3}$)/, ',');
    }
    return scaled(value, 1000, ['', 'k', 'M', 'G', 'T']);
  });
}

export function rate(value) {
  return say(value, () => `${count(value)}/s`);
}

export function bytes(value) {
  return say(value, () => scaled(value, 1024, ['B', 'kB', 'MB', 'GB', 'TB']));
}

export function seconds(value) {
  return say(value, () => {
    if (value >= 120) return span(value);
    if (value >= 1 || value === 0) return `${short(value)} s`;
    return value >= 0.001 ? milli(value * 1e3, 'ms', 's') : milli(value * 1e6, 'µs', 'ms');
  });
}

export function share(value) {
  return say(value, () => `${short(value * 100)} %`);
}

// 45 s, 12 min, 3 h 12 min, 5 d 2 h.
export function span(value) {
  return say(value, () => {
    const [minutes, hours, days] = [60, 3600, 86_400].map(unit => Math.floor(value / unit));
    if (days) return `${days} d ${hours % 24} h`;
    if (hours) return `${hours} h ${minutes % 60} min`;
    return minutes ? `${minutes} min` : `${Math.floor(value)} s`;
  });
}

function say(value, text) {
  return value === null || value === undefined || !Number.isFinite(value) ? '–' : text();
}

function short(value) {
  return String(Number(value.toFixed(value < 9.95 ? 1 : 0)));
}

// 999.7 µs is 1 ms.
function milli(value, unit, next) {
  return value >= 999.5 ? `1 ${next}` : `${short(value)} ${unit}`;
}

function scaled(value, base, units) {
  let power = 0;
  let size = value;
  while (size >= base - 0.5 && power < units.length - 1) {
    size /= base;
    power++;
  }
  return `${short(size)} ${units[power]}`.trim();
}
