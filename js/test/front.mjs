// A proxy before a node: it counts what hangs there, and misbehaves as a test says.
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';

// The ids in a client's frames, which are masked.
function idsOf(bytes) {
  const ids = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    let length = bytes[at + 1] & 127;
    at += 2;
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      at += 2;
    }
    const mask = bytes.subarray(at, at + 4);
    const text = Buffer.from(bytes.subarray(at + 4, at + 4 + length).map((byte, i) => byte ^ mask[i % 4]));
    ids.push(...(/^wait (.*)/.exec(text)?.[1].split(' ') || []));
    at += 4 + length;
  }
  return ids;
}

// take({road, request, response or socket, url}) may have a request for itself, by returning true;
// what it then leaves unanswered is silence.
export async function front(t, node, { take = () => false } = {}) {
  const { hostname, port } = new URL(node.url);
  const waits = new Set(); // requests and WebSockets that are open
  let most = 0; // at one time
  const asked = []; // all of them, in their order: {road, ids, end; query or socket}
  const lines = []; // what each was asked, by and by: {wait, ids}
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://front');
    const road = url.searchParams.has('callback') ? 'script' : 'fetch';
    if (request.method === 'GET' && /^\/\d/.test(url.pathname)) {
      note({ road, ids: url.pathname.slice(1).split(','), query: url.searchParams }, response);
    }
    if (take({ road, request, response, url })) return;
    const { method, url: path, headers } = request;
    const onward = http.request({ hostname, port, method, path, headers }, answer => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  server.on('upgrade', (request, socket, head) => {
    const wait = { road: 'websocket', ids: [], socket };
    note(wait, socket);
    socket.on('error', () => {});
    socket.on('data', bytes => {
      const ids = idsOf(bytes);
      wait.ids.push(...ids);
      lines.push({ wait, ids });
    });
    if (take({ road: 'websocket', request, socket })) return;
    const onward = net.connect(port, hostname, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let i = 0; i < request.rawHeaders.length; i += 2) {
        lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
      }
      onward.write(lines.join('\r\n') + '\r\n\r\n');
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });

  function note(wait, end) {
    wait.end = end;
    asked.push(wait);
    lines.push({ wait, ids: wait.ids });
    waits.add(wait);
    most = Math.max(most, waits.size);
    end.on('close', () => waits.delete(wait));
  }

  const sockets = new Set();
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    waits,
    asked,
    lines,
    // Whether one that is open was asked for all of these, since there were so many lines.
    asksFor: (ids, since = 0) => [...waits].some(wait => {
      const own = lines.slice(since).filter(line => line.wait === wait).flatMap(line => line.ids);
      return ids.every(id => own.includes(id));
    }),
    roads: () => asked.map(({ road }) => road),
    get most() { return most; },
  };
}
