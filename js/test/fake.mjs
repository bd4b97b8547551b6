// A server for one test: it answers as the test says and notes what it was asked.
import http from 'node:http';
import { once } from 'node:events';

// handle(request, response, number of this request, counted from 1)
export async function fake(t, handle) {
  const requests = [];
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url, 'http://fake');
    requests.push({
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      at: performance.now(),
      hungUp: new Promise(resolve => response.on('close', resolve)),
    });
    server.emit('noted');
    handle(request, response, requests.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    const closed = new Promise(resolve => server.close(resolve));
    server.closeAllConnections();
    return closed;
  };
  t.after(() => void close());
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    close,
    // Resolves with the first request for which test(request) holds, now or later.
    async asked(test = () => true, count = 1) {
      for (;;) {
        const found = requests.filter(test);
        if (found.length >= count) return found[count - 1];
        await once(server, 'noted');
      }
    },
  };
}

export function reply(response, status, body, headers = {}) {
  const type = typeof body === 'object' ? { 'Content-Type': 'application/json' } : {};
  response.writeHead(status, { ...type, ...headers });
  response.end(typeof body === 'object' ? JSON.stringify(body) : body);
}

export function problem(response, status, detail, headers) {
  const type = { 'Content-Type': 'application/problem+json' };
  reply(response, status, JSON.stringify({ status, detail }), { ...type, ...headers });
}

// What a request names: an id, or several with commas.
export function idOf(request) {
  return new URL(request.url, 'http://fake').pathname.split('/').pop();
}

export function ring(request, response) {
  reply(response, 200, { set: idOf(request).split(',') });
}
