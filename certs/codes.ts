/**
 * The one closed list of codes: every error, finding and outcome in the lab carries one of these.
 *
 * Each row says what happened (`title`), the rule (`why`), a first way to mend it (`fix`) and where the rule
 * stands (`source`). `explain CODE` prints the row; there is no second copy of the text.
 */

/** One row of the table. */
export interface CodeEntry {
  /** What happened, as a short sentence without values. */
  readonly title: string;
  /** The rule behind it, with its RFC section where there is one. */
  readonly why: string;
  /** A command or an edit that usually mends it. */
  readonly fix: string;
  /** RFC section, or repository path and symbol. */
  readonly source: string;
}

export const CODES = {
  CONNECTION_REFUSED: {
    title: 'Nothing listens on the port',
    why: '',
    fix: '',
    source: '',
  },
  CONNECTION_RESET: {
    title: 'The peer closed the connection without a word',
    why: '',
    fix: '',
    source: '',
  },
  CONNECT_TIMEOUT: {
    title: 'The peer did not answer in time',
    why: '',
    fix: '',
    source: '',
  },
  NOT_TLS: {
    title: 'One side speaks TLS, the other does not',
    why: '',
    fix: '',
    source: '',
  },
  PROTOCOL_VERSION: {
    title: 'No TLS version in common',
    why: '',
    fix: '',
    source: '',
  },
  NO_SHARED_CIPHER: {
    title: 'No cipher suite in common',
    why: '',
    fix: '',
    source: '',
  },
  HANDSHAKE_FAILURE: {
    title: 'The handshake failed for another reason',
    why: '',
    fix: '',
    source: '',
  },
  NO_SERVING_CERTIFICATE: {
    title: 'The server has no certificate to show',
    why: '',
    fix: '',
    source: '',
  },
  CERT_MISSING: {
    title: 'No client certificate was shown',
    why: '',
    fix: '',
    source: '',
  },
  CERT_EXPIRED: {
    title: 'The certificate has expired',
    why: '',
    fix: '',
    source: '',
  },
  CERT_NOT_YET_VALID: {
    title: 'The certificate is not valid yet',
    why: '',
    fix: '',
    source: '',
  },
  CERT_UNKNOWN_AUTHORITY: {
    title: 'Signed by an authority that this side does not trust',
    why: '',
    fix: '',
    source: '',
  },
  CERT_ISSUER_NOT_CA: {
    title: 'The issuer is not allowed to sign certificates',
    why: '',
    fix: '',
    source: '',
  },
  CERT_NAME_MISMATCH: {
    title: 'The certificate is for other names',
    why: '',
    fix: '',
    source: '',
  },
  CERT_NO_IP_SANS: {
    title: 'Dialled by IP address, but the certificate lists no IP address',
    why: '',
    fix: '',
    source: '',
  },
  CERT_NO_SANS: {
    title: 'The certificate names its host in the Common Name only',
    why: '',
    fix: '',
    source: '',
  },
  CERT_WRONG_USAGE: {
    title: 'The certificate is not for this purpose',
    why: '',
    fix: '',
    source: '',
  },
  CERT_PATH_TOO_LONG: {
    title: 'More intermediates than the CA allows',
    why: '',
    fix: '',
    source: '',
  },
  CERT_NAME_CONSTRAINT: {
    title: 'The CA is not allowed to sign for this name',
    why: '',
    fix: '',
    source: '',
  },
  CERT_POLICY_INVALID: {
    title: 'No certificate policy is valid along the whole chain',
    why: '',
    fix: '',
    source: '',
  },
  CERT_CRITICAL_EXTENSION: {
    title: 'A critical extension that the verifier does not know',
    why: '',
    fix: '',
    source: '',
  },
  CERT_INSECURE_SIGNATURE: {
    title: 'Signed with an algorithm that is no longer accepted',
    why: '',
    fix: '',
    source: '',
  },
  CERT_MALFORMED: {
    title: 'The certificate cannot be read',
    why: '',
    fix: '',
    source: '',
  },
  KEY_MISMATCH: {
    title: 'Private key and certificate are not a pair',
    why: '',
    fix: '',
    source: '',
  },
  KEY_PROOF_INVALID: {
    title: 'The peer could not prove that it holds the key',
    why: '',
    fix: '',
    source: '',
  },
  FILE_MISSING: {
    title: 'A file is missing',
    why: '',
    fix: '',
    source: '',
  },
  FILE_UNREADABLE: {
    title: 'A file cannot be read',
    why: '',
    fix: '',
    source: '',
  },
  PEM_INVALID: {
    title: 'The file is not the PEM that was expected',
    why: '',
    fix: '',
    source: '',
  },
  CERT_KEY_SWAPPED: {
    title: 'Certificate and key files are swapped',
    why: '',
    fix: '',
    source: '',
  },
  CA_BUNDLE_EMPTY: {
    title: 'The CA bundle holds no certificate',
    why: '',
    fix: '',
    source: '',
  },
  KUBECONFIG_INVALID: {
    title: 'The kubeconfig cannot be used',
    why: '',
    fix: '',
    source: '',
  },
  MANIFEST_INVALID: {
    title: 'The manifest or configuration file cannot be used',
    why: '',
    fix: '',
    source: '',
  },
  UNAUTHENTICATED: {
    title: 'HTTP 401: the server does not know who you are',
    why: '',
    fix: '',
    source: '',
  },
  FORBIDDEN: {
    title: 'HTTP 403: known, but not allowed',
    why: '',
    fix: '',
    source: '',
  },
  BACKEND_UNAVAILABLE: {
    title: "The server's own backend does not answer",
    why: '',
    fix: '',
    source: '',
  },
  NOT_TRIED: {
    title: 'No connection has been tried yet',
    why: '',
    fix: '',
    source: '',
  },
  CSR_INVALID: {
    title: 'The certificate signing request cannot be used',
    why: '',
    fix: '',
    source: '',
  },
  KEY_INVALID: {
    title: 'The private key cannot be used',
    why: '',
    fix: '',
    source: '',
  },
  FLAG_UNKNOWN: {
    title: 'A flag that this program does not have',
    why: '',
    fix: '',
    source: '',
  },
  FLAG_INVALID: {
    title: 'A flag has a value that cannot be used',
    why: '',
    fix: '',
    source: '',
  },
  USAGE: {
    title: 'The command line is not right',
    why: '',
    fix: '',
    source: '',
  },
  NAME_UNKNOWN: {
    title: 'No such certificate, component or connection',
    why: '',
    fix: '',
    source: '',
  },
  CHOICE_REFUSED: {
    title: 'These choices do not go together',
    why: '',
    fix: '',
    source: '',
  },
  DESK_EXISTS: {
    title: "The CA's folder exists already",
    why: '',
    fix: '',
    source: '',
  },
  DIR_INVALID: {
    title: 'The directory is not a lab directory',
    why: '',
    fix: '',
    source: '',
  },
  DIR_UNWRITABLE: {
    title: 'The directory cannot be written',
    why: '',
    fix: '',
    source: '',
  },
  PATH_ESCAPES: {
    title: "A path leaves its host's folder",
    why: '',
    fix: '',
    source: '',
  },
  PORT_IN_USE: {
    title: 'The port is taken',
    why: '',
    fix: '',
    source: '',
  },
  LAB_RUNNING: {
    title: 'A lab runs in this directory already',
    why: '',
    fix: '',
    source: '',
  },
  LAB_NOT_RUNNING: {
    title: 'No lab runs in this directory',
    why: '',
    fix: '',
    source: '',
  },
  CLOCK_INVALID: {
    title: 'The clock file cannot be understood',
    why: '',
    fix: '',
    source: '',
  },
  FAULT_NOT_APPLICABLE: {
    title: 'The fault does not apply to this target',
    why: '',
    fix: '',
    source: '',
  },
  FAULT_STANDS: {
    title: 'The fault stands already',
    why: '',
    fix: '',
    source: '',
  },
  TOOL_MISSING: {
    title: 'A program is missing',
    why: '',
    fix: '',
    source: '',
  },
  NODE_TOO_OLD: {
    title: 'Node.js is too old',
    why: '',
    fix: '',
    source: '',
  },
  INTERNAL: {
    title: 'A mistake in the lab itself',
    why: '',
    fix: '',
    source: '',
  },
} as const satisfies Record<string, CodeEntry>;

/** Every code of the lab. */
export type Code = keyof typeof CODES;

/** Narrow a string to a code. */
export function isCode(text: string): text is Code {
  return Object.hasOwn(CODES, text);
}
