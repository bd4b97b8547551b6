// Request targets that no browser sends, and how a demo answers them.
import assert from 'node:assert/strict';
import net from 'node:net';

export const STRANGE = ['//', '//x', '///', '//[::1', '//u@:99999999/', '/%', '/%zz', '/%ff', '/%00',
  '/count%', '/\\', '/__proto__', '/constructor', '/..', '/../../etc/passwd', '*', 'http://', 'http://[',
  'http://[::1', 'http:///x', '?', 'x', '/\x7f', '/ x', `/${'x'.repeat(9000)}`, `/${'%'.repeat(70_000)}`];

// The status of the answer; undefined where the server hung up without one.
async function statusOf(url, target) {
  const { hostname, port } = new URL(url);
  const socket = net.connect(Number(port), hostname);
  socket.on('error', () => {}); // it may hang up in the middle of a long one
  let answer = '';
  socket.on('data', data => { answer += data; });
  socket.write(`GET ${target} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`, 'latin1');
  await new Promise(closed => { socket.once('close', closed); });
  return answer && Number(/^HTTP\/1\.[01] (\d+)/.exec(answer)[1]);
}

// Asks all of them: each is refused, and the application goes on. A server in front of it may hang up
// on what is no HTTP, and take // for /: those targets are the caller's to name.
export async function refusesStrangeTargets(url, { hangsUp = () => false, serves = () => false } = {}) {
  for (const target of STRANGE) {
    const status = await statusOf(url, target);
    const what = `${target.slice(0, 20)}: ${status}`;
    const isRefused = status === 400 || status === 404 || status === 414 || status === 431;
    assert.ok(isRefused || (status ? serves(target) && status < 500 : hangsUp(target)), what);
    assert.equal((await fetch(url)).status, 200, `after ${what}`);
  }
}

// What a server makes / of before it looks for it.
export const isRoot = target => /^(\/[/.]*|http:\/\/|\?)$/.test(target);
