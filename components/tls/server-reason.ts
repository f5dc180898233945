/**
 * Why OpenSSL ended a handshake at the server before our verdict, in the words of Go's server.
 */
import type { Code } from '../../certs/codes.ts';
import { alertName } from './alerts.ts';
import type { Half } from './half.ts';
import { offeredVersions } from './offered.ts';
import { proofText } from './proof-text.ts';

/**
 * Code and Go's text.
 * @param number       of the alert that OpenSSL sent
 * @param opensslText  OpenSSL's own words; empty when it had none
 */
export function serverReason(half: Half, number: number, opensslText: string): readonly [Code, string] {
  const { messages } = half.trace();
  const said = (type: string): boolean => messages.some((message) => message.type === type);
  switch (number) {
    case 70:
      return [
        'PROTOCOL_VERSION',
        `tls: client offered only unsupported versions: [${offeredVersions(messages).join(' ')}]`,
      ];
    case 51:
      return ['KEY_PROOF_INVALID', proofText(half, 'client')];
    case 120:
      return ['HANDSHAKE_FAILURE', 'tls: client requested unsupported application protocols'];
    case 40:
      if (!said('server_hello')) {
        // SSL 3.0: OpenSSL does not look at its version; Go does.
        if (offeredVersions(messages).length === 0) {
          return ['PROTOCOL_VERSION', 'tls: client offered only unsupported versions: []'];
        }
        return ['NO_SHARED_CIPHER', 'tls: no cipher suite supported by both client and server'];
      }
      break;
    case 42:
    case 50:
      if (half.decoder.certificates.client?.length) {
        return ['CERT_MALFORMED', 'tls: failed to parse client certificate: x509: malformed certificate'];
      }
  }
  return ['HANDSHAKE_FAILURE', opensslText === '' ? `tls: ${alertName(number)}` : opensslText];
}
