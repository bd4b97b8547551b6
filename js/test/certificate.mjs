// A certificate that signs itself, for a test: nobody trusts it who isn't told to.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder; // of this process

// The certificate of a name or an address, and its key: both as text, and as files that live as long as
// this process does. With fewer than no days it has expired.
export function certificate(name = '127.0.0.1', days = 2) {
  if (!folder) {
    folder = mkdtempSync(join(tmpdir(), 'doorbell-certificate-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  }
  const path = kind => join(folder, `${name}${days}.${kind}`);
  const [certFile, keyFile] = [path('pem'), path('key')];
  writeFileSync(path('names'), `subjectAltName=${net.isIP(name) ? 'IP' : 'DNS'}:${name}`);
  for (const words of [
    ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile,
      '-subj', `/CN=${name}`, '-out', path('ask')],
    ['x509', '-req', '-in', path('ask'), '-signkey', keyFile, '-days', days, '-extfile', path('names'),
      '-out', certFile],
  ]) execFileSync('openssl', words, { stdio: 'pipe' });
  return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) };
}
