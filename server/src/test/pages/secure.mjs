// A node with a certificate that nobody but its test trusts.
import { certificate } from '../../../../js/test/certificate.mjs';
import { startNode } from '../../../../js/test/node.mjs';

export async function startSecureNode(t) {
  const { certFile, keyFile } = certificate();
  const node = await startNode(['--tls-cert', certFile, '--tls-key', keyFile]);
  t.after(() => node.stop());
  return node;
}
