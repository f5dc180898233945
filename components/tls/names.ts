/**
 * Names in certificates and CertificateRequests, in words: `CN=system:node:worker-1, O=system:nodes`.
 *
 * What cannot be read becomes a sentence that says so: these bytes come from strangers.
 */
import { openDer } from '../../certs/der.ts';
import { messageOf } from '../../certs/errors.ts';
import { nameText, readName } from '../../certs/x509/strings.ts';
import { readCertificate } from '../../certs/x509.ts';

/** A distinguished name in words, in wire order. */
export function nameInWords(der: Uint8Array): string {
  try {
    return oneLine(nameText(readName(openDer(der), 'malformed name')));
  } catch (error) {
    return `a name that cannot be read (${oneLine(messageOf(error))})`;
  }
}

/** `CN=kube-apiserver, issued by CN=kubernetes`. Read once for each certificate: see `readCertificate`. */
export function certificateInWords(der: Uint8Array): string {
  try {
    const { subject, issuer } = readCertificate(der);
    return oneLine(`${nameText(subject)}, issued by ${nameText(issuer)}`);
  } catch (error) {
    return `a certificate that cannot be read (${oneLine(messageOf(error))})`;
  }
}

/** Names may hold anything, line breaks and terminal commands too. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '\ufffd');
}
