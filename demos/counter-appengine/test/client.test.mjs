// The Java client of client/ in an application on App Engine: the demo's, with one servlet more, on
// the local development server. Needs the demo and the client to be built.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { DEMO, ENDED_MILLIS, ROOT, isRunning, kill, run, started } from './demo.mjs';

const SERVLET = `<servlet>
    <servlet-name>client</servlet-name>
    <servlet-class>ClientServlet</servlet-class>
  </servlet>
  <servlet-mapping>
    <servlet-name>client</servlet-name>
    <url-pattern>/client</url-pattern>
  </servlet-mapping>
</web-app>`;

// The process of its group that is a Doorbell node.
function nodeOf({ shell }) {
  const processes = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return Number(processes.find(pid => {
    try {
      const group = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ')[2];
      return group === String(shell.pid)
        && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('doorbell.cli.Main');
    } catch {
      return false; // it has ended meanwhile
    }
  }));
}

describe('the Java client on App Engine', { concurrency: 1, timeout: 400_000 }, () => {
  let war;
  let demo;
  let app;
  let node;

  before(async () => {
    war = mkdtempSync(DEMO + 'target/client.');
    cpSync(DEMO + 'target/counter', war, { recursive: true });
    const classes = war + '/WEB-INF/classes';
    cpSync(ROOT + 'client/target/classes', classes, { recursive: true });
    const jdk = execFileSync(ROOT + 'script/jdk', ['17'], { encoding: 'utf8' }).trim();
    const servlet = DEMO + 'target/sdk/jetty94/jetty-home/lib/servlet-api-3.1.jar';
    execFileSync(jdk + '/bin/javac',
      ['-d', classes, '-cp', `${classes}:${servlet}`, DEMO + 'test/ClientServlet.java']);
    const webXml = war + '/WEB-INF/web.xml';
    writeFileSync(webXml, readFileSync(webXml, 'utf8').replace('</web-app>', SERVLET));
    demo = run({ WAR: war });
    ({ app, node } = await started(demo));
  });

  after(() => {
    if (demo) kill(demo);
    if (war) rmSync(war, { recursive: true });
  });

  async function use(node, millis) {
    const body = new URLSearchParams({ node, millis, id: '7' });
    const answer = await fetch(`${app}/client`, { method: 'POST', body });
    assert.equal(answer.status, 200);
    return { header: answer.headers.get('Doorbell-Wait'), says: (await answer.text()).trim() };
  }

  test('itWaitsSetsAndDerives', async () => {
    const { header, says } = await use(node, 30_000);
    assert.equal(says, 'true');
    assert.match(header, new RegExp(`^${node}/[0-9a-f]{64}$`));
    assert.equal((await fetch(`${node}/7?timeout=0`)).status, 200);
  });

  test('aDeadNodeEndsItInTime', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const dead = `http://127.0.0.1:${server.address().port}`;
    server.close();
    const began = performance.now();
    assert.equal((await use(dead, 200)).says, 'false');
    assert.ok(performance.now() - began < 15_000);
  });

  test('theEndOfTheNodeEndsTheDemo', { timeout: ENDED_MILLIS }, async () => {
    process.kill(nodeOf(demo), 'SIGKILL');
    assert.equal(await demo.ended, 1);
    assert.match(demo.said(), /^counter: the node ended/m);
    assert.equal(isRunning(demo), false);
  });
});
