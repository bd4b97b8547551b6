// A made-up node's second port: the dashboard's files, and metrics that a test changes as it likes.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fake } from '../../../../js/test/fake.mjs';

const SOURCES = new URL('../../main/resources/doorbell/admin/', import.meta.url);
const BUILT = new URL('../../../target/classes/doorbell/admin/', import.meta.url);
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' };
const BOUNDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.1, 1, 10, 60, Infinity]; // seconds

// As a node that wants to be safe would send the page.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:";

export async function startAdmin(t) {
  const node = newNode();
  const server = await fake(t, (request, response) => {
    const path = request.url.slice(1) || 'dashboard.html';
    const send = (status, type, body) => {
      response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': POLICY });
      response.end(body);
    };
    if (node.isGone) request.socket.destroy();
    else if (path === 'metrics') send(200, 'text/plain; version=0.0.4; charset=utf-8', metricsOf(node));
    else if (path === 'readyz') send(node.ready ? 503 : 200, 'text/plain', node.ready || 'ready');
    else if (/^[\w-]+\.(html|js|css)$/.test(path)) send(200, TYPES[path.split('.')[1]], file(path));
    else send(404, 'text/plain', 'no such path\n');
  });
  return { url: `${server.url}/`, node };
}

function file(name) {
  for (const folder of [SOURCES, BUILT]) {
    const path = fileURLToPath(new URL(name, folder));
    if (existsSync(path)) return readFileSync(path);
  }
  throw new Error(`${name} is not built yet: ./doorbell --version builds`);
}

// A node that has been up for a while; `ready` is why it is not.
function newNode() {
  return {
    isGone: false,
    ready: '',
    uptime: 11_520,
    parked: { http1: 1_204_000, http2: 31_000, websocket: 4200 },
    connections: 1_210_321,
    accepted: 9_000_000,
    sets: { first: 4_000_000, already: 31_000, failed: 2 },
    wakes: 5_200_000,
    refusals: { 400: 31, 404: 0, 429: 1200, 503: 7 },
    toWake: {}, // counts by the upper bound of a bucket, not added up
    hold: {},
    store: {},
    storeErrors: 3,
    queue: 12,
    lags: [0.0001, 0.0003],
    heap: { Eden: [96e6, 128 * 2 ** 20], Survivor: [8e6, -1], Tenured: [150e6, 384 * 2 ** 20] },
    buffered: 3 * 2 ** 20,
    files: 1_210_400,
    cpu: 0.123,
  };
}

const samples = (name, label, parts) => Object.entries(parts)
  .map(([key, value]) => `${name}{${label}="${key}"} ${value}`);

function histogram(name, counts) {
  let sum = 0;
  return BOUNDS.map(bound => {
    sum += counts[bound] ?? 0;
    return `${name}_bucket{le="${bound === Infinity ? '+Inf' : bound}"} ${sum}`;
  });
}

function metricsOf(node) {
  const heap = Object.entries(node.heap);
  return [
    '# HELP doorbell_parked_waits Waits that are held.',
    '# TYPE doorbell_parked_waits gauge',
    samples('doorbell_parked_waits', 'protocol', node.parked),
    'doorbell_parked_waits_limit 2900000.0',
    `doorbell_connections ${node.connections}`,
    'doorbell_connections_limit 3000000',
    `doorbell_connections_accepted_total ${node.accepted}`,
    samples('doorbell_sets_total', 'result', node.sets),
    `doorbell_wakes_total ${node.wakes}`,
    samples('doorbell_refusals_total', 'status', node.refusals),
    histogram('doorbell_set_to_wake_seconds', node.toWake),
    histogram('doorbell_hold_seconds', node.hold),
    histogram('doorbell_store_seconds', node.store),
    `doorbell_store_errors_total ${node.storeErrors}`,
    `doorbell_store_queue ${node.queue}`,
    samples('doorbell_loop_lag_seconds', 'loop', { ...node.lags }),
    `doorbell_buffered_bytes ${node.buffered}`,
    'doorbell_buffered_limit_bytes 134217728',
    `doorbell_ready ${node.ready ? 0 : 1}`,
    'doorbell_info{store="rocksdb",transport="io_uring",version="0.1.0"} 1',
    heap.map(([id, [used]]) => `jvm_memory_used_bytes{area="heap",id="${id}"} ${used}`),
    heap.map(([id, [, most]]) => `jvm_memory_max_bytes{area="heap",id="${id}"} ${most}`),
    'jvm_memory_used_bytes{area="nonheap",id="Metaspace"} 4.0E7',
    `process_files_open_files ${node.files}`,
    'process_files_max_files 4000000',
    `process_cpu_usage ${node.cpu}`,
    `process_uptime_seconds ${node.uptime}`,
  ].flat().join('\n') + '\n';
}
