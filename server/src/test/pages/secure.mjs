// A node with a certificate that nobody but its test trusts.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode } from '../../../../js/test/node.mjs';

export async function startSecureNode(t) {
  const folder = mkdtempSync(join(tmpdir(), 'doorbell-pages-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', 'key.pem', '-out', 'cert.pem'],
  { cwd: folder, stdio: 'pipe' });
  const node = await startNode(['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')]);
  t.after(() => node.stop());
  return node;
}
