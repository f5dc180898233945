/** Codes of certificates: what a verifier can hold against a chain. */
import type { CodeEntry } from './entry.ts';

const GO = 'golang/go src/crypto/x509';

export const CERTIFICATE_CODES = {
  CERT_MISSING: {
    title: 'No client certificate was shown',
    why: 'The server demands a client certificate (mutual TLS) and the client sent an empty list. etcd always demands one; the real API server and kubelet only ask, let the connection through and answer 401 or 403.',
    fix: 'give the client its pair: client-certificate and client-key in the kubeconfig, or the --…-cert-file and --…-key-file flags',
    source: 'RFC 8446 section 4.4.2.4; golang/go src/crypto/tls/handshake_server.go, processCertsFromClient',
  },
  CERT_EXPIRED: {
    title: 'The certificate has expired',
    why: "The verifier's clock is past notAfter. Every certificate of the chain is checked, the root too. kubeadm's certificates last one year, its CAs ten.",
    fix: '`npx mtls-lab certs check-expiration`, then `npx mtls-lab certs renew ID`; if the dates look right, check the clock: `npx mtls-lab clock`',
    source: `RFC 5280 section 4.1.2.5; ${GO}/verify.go, isValid`,
  },
  CERT_NOT_YET_VALID: {
    title: 'The certificate is not valid yet',
    why: "The verifier's clock is before notBefore: it runs behind the clock of whoever issued the certificate, or the certificate was made for later. Go uses one text for both ends of the period.",
    fix: 'put the clock right: `npx mtls-lab clock`; or issue with a notBefore some minutes back: `npx mtls-lab certs renew ID`',
    source: `RFC 5280 section 4.1.2.5; ${GO}/verify.go, isValid`,
  },
  CERT_UNKNOWN_AUTHORITY: {
    title: 'Signed by an authority that this side does not trust',
    why: 'From the certificate that was shown no chain of valid signatures leads to a certificate in the CA file. Either the CA file is the wrong one, or the certificate is from another CA, or an intermediate was not sent. "possibly because of" in the text means: a CA of the right name is trusted, but its key did not sign this (the CA was made anew).',
    fix: "compare issuer and CA file with `npx mtls-lab inspect FILE`; give this side the right CA, or reissue with this side's CA; a server must send its intermediates",
    source: `RFC 5280 section 6.1; ${GO}/verify.go, buildChains`,
  },
  CERT_ISSUER_NOT_CA: {
    title: 'The issuer is not allowed to sign certificates',
    why: 'Only a certificate with basicConstraints CA:TRUE, and with keyCertSign where it lists key usages, may sign others. The certificate of a server or a client used as signer, or a CA made without these extensions, is refused.',
    fix: 'make a real CA (basicConstraints=critical,CA:TRUE and keyUsage=critical,keyCertSign) and sign with it: `npx mtls-lab certs renew ID`',
    source: `RFC 5280 sections 4.2.1.9 and 4.2.1.3; ${GO}/x509.go, CheckSignatureFrom`,
  },
  CERT_NAME_MISMATCH: {
    title: 'The certificate is for other names',
    why: 'The client compares the name it dialled with the Subject Alternative Names and nothing else: DNS names with DNS names, IP addresses with IP addresses. A wildcard stands for exactly one whole label.',
    fix: 'dial a name of the certificate, or reissue it with the missing SAN: `npx mtls-lab certs renew ID`; kubeconfig: tls-server-name',
    source: `RFC 6125 section 6.4; ${GO}/verify.go, VerifyHostname`,
  },
  CERT_NO_IP_SANS: {
    title: 'Dialled by IP address, but the certificate lists no IP address',
    why: 'An IP address matches only an IP entry of the SAN. The same digits as DNS entry or as Common Name do not count.',
    fix: 'reissue with the address as IP SAN (IP:10.96.0.1), or dial by name',
    source: `RFC 6125 appendix B.2; ${GO}/verify.go, HostnameError`,
  },
  CERT_NO_SANS: {
    title: 'The certificate names its host in the Common Name only',
    why: 'Until 2020 a host name in the CN was enough. Go ignores it since 1.17: without a SAN extension a certificate is for no host at all.',
    fix: 'reissue with the name as SAN: openssl … -addext subjectAltName=DNS:NAME, or `npx mtls-lab certs renew ID`',
    source: `RFC 6125 section 6.4.4; ${GO}/verify.go, HostnameError`,
  },
  CERT_WRONG_USAGE: {
    title: 'The certificate is not for this purpose',
    why: 'Extended key usage: a server must show a certificate with serverAuth, a client one with clientAuth. Without the extension all is allowed. Go also applies the list of every CA above.',
    fix: 'reissue with the usage (a certificate that serves and dials needs both): `npx mtls-lab certs renew ID`',
    source: `RFC 5280 section 4.2.1.12; ${GO}/verify.go, checkChainForKeyUsage`,
  },
  CERT_PATH_TOO_LONG: {
    title: 'More intermediates than the CA allows',
    why: 'The path length (pathLenConstraint in basicConstraints) says how many intermediate CAs may stand between this CA and the certificate of a server or a client. 0 means: it signs no further CA.',
    fix: 'sign the certificate with the CA itself, or make the CA anew with a larger pathlen',
    source: `RFC 5280 section 4.2.1.9; ${GO}/verify.go, isValid`,
  },
  CERT_NAME_CONSTRAINT: {
    title: 'The CA is not allowed to sign for this name',
    why: 'A CA can be limited to some names. Every SAN of every certificate below it must be permitted and not excluded, also those that nobody dialled.',
    fix: 'take the name out of the certificate, or use a CA whose name constraints cover it',
    source: `RFC 5280 section 4.2.1.10; ${GO}/verify.go, checkNameConstraints`,
  },
  CERT_POLICY_INVALID: {
    title: 'No certificate policy is valid along the whole chain',
    why: 'A CA can demand (policyConstraints) that the certificates below it name a policy that all of them share. Go checks this since 1.24; before, a critical policyConstraints was an unknown critical extension.',
    fix: 'name the policy of the CA in the certificate (certificatePolicies), or use a CA without policyConstraints',
    source: `RFC 5280 section 6.1, RFC 9618; ${GO}/verify.go, policiesValid`,
  },
  CERT_CRITICAL_EXTENSION: {
    title: 'A critical extension that the verifier does not know',
    why: 'Critical means: whoever does not understand this must refuse the certificate. Extensions that are not critical are skipped when unknown.',
    fix: 'reissue without the extension, or without marking it critical',
    source: `RFC 5280 section 4.2; ${GO}/verify.go, isValid`,
  },
  CERT_INSECURE_SIGNATURE: {
    title: 'Signed with an algorithm that is no longer accepted',
    why: 'Two certificates with the same SHA-1 or MD5 digest can be made, so a signature over it proves nothing. Go refuses MD5 and SHA-1; the self-signature of a root is not looked at.',
    fix: 'sign again with SHA-256: `npx mtls-lab certs renew ID`',
    source: `RFC 6194, RFC 6151; ${GO}/x509.go, InsecureAlgorithmError`,
  },
  CERT_MALFORMED: {
    title: 'The certificate cannot be read',
    why: 'The bytes are no DER certificate by the strict rules that Go applies while parsing. Nothing about it is believed, and the whole handshake ends.',
    fix: 'look at it: `openssl x509 -in FILE -noout -text`; copy the file again, or reissue it: `npx mtls-lab certs renew ID`',
    source: `RFC 5280 section 4.1; ${GO}/parser.go, ParseCertificate`,
  },
  CSR_INVALID: {
    title: 'The certificate signing request cannot be used',
    why: 'A request holds the Subject, the public key and wishes, signed with its own private key. It cannot be read, or its signature does not fit its key, so nobody proved to hold that key.',
    fix: 'look at it: `openssl req -in FILE -noout -text -verify`; make it anew',
    source: 'RFC 2986 section 4.2',
  },
  CSR_REFUSED: {
    title: 'The cluster refuses the certificate signing request',
    why: 'Each signer of Kubernetes has its own rules for Subject, names and usages, and looks at them only after somebody has approved. Failed and denied are final: conditions cannot be taken back.',
    fix: '`kubectl get csr NAME -o yaml` has the reason; send a new request that keeps the rules of its signerName',
    source:
      'kubernetes/kubernetes pkg/apis/certificates/helpers.go; pkg/controller/certificates/signer/signer.go',
  },
} as const satisfies Record<string, CodeEntry>;
