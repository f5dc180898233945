/**
 * The one record of a connection: what was said, in wire order, and what each side made of it.
 *
 * A connection between two components of the lab is traced at both ends; `joinHalves` makes one trace of the
 * two, matched by the ClientHello's random. A peer outside the lab (kubectl, etcd) leaves its half empty.
 * Everything downstream (journal, cli, dashboard, Wireshark) reads this type and nothing else.
 */
import type { Code } from '../../certs/codes.ts';
import type { Finding } from '../../certs/errors.ts';
import type { SecondOpinion } from '../../certs/verify/second-opinion.ts';
import type { WantedName } from '../../certs/verify/verify.ts';
import type { ClientAuth } from '../component.ts';

/** Which end of a connection. */
export type Side = 'client' | 'server';

/** Where a connection ended: `http` is a 5xx after a good handshake. */
export type Layer = 'ok' | 'tcp' | 'tls' | '401' | '403' | 'http' | 'untried';

/** One decoded field of a message, with its place in the message's bytes. */
export interface Field {
  /** The RFC's name: `cipher_suites`, `server_name`. */
  readonly name: string;
  /** For people: `TLS_AES_128_GCM_SHA256 (0x1301)`. */
  readonly value: string;
  /** Byte range in `TraceMessage.bytes`: start inclusive, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly children?: readonly Field[];
}

/** Bytes that were not what the format promises: a finding of the decoder, never an exception. */
export interface DecodeFinding {
  /** Offset in the message's (or record's) bytes. */
  readonly offset: number;
  readonly wanted: string;
  readonly had: string;
}

/** IANA's names of handshake messages, and the three other record types. */
export type MessageType =
  | 'client_hello'
  | 'server_hello'
  | 'hello_retry_request'
  | 'encrypted_extensions'
  | 'certificate_request'
  | 'certificate'
  | 'certificate_status'
  | 'server_key_exchange'
  | 'server_hello_done'
  | 'client_key_exchange'
  | 'certificate_verify'
  | 'finished'
  | 'new_session_ticket'
  | 'key_update'
  | 'hello_request'
  | 'change_cipher_spec'
  | 'alert'
  | 'application_data'
  | 'encrypted'
  | 'unknown';

/** One message, in wire order over both directions. */
export interface TraceMessage {
  readonly from: Side;
  readonly type: MessageType;
  /** Microseconds since the trace began. */
  readonly atUs: number;
  /** True when the record that carried it was encrypted (also when we could read it). */
  readonly encrypted: boolean;
  /** Of the message itself, header included. */
  readonly lengthBytes: number;
  /** The message in the clear, header included; the record's fragment when it could not be decrypted. */
  readonly bytes: Uint8Array;
  readonly fields: readonly Field[];
  /** One line for a ladder: `SNI worker-1, offers TLS 1.3 and 1.2`. */
  readonly summary: string;
  readonly finding?: DecodeFinding;
}

/** An alert as it stood on the wire. */
export interface Alert {
  readonly number: number;
  readonly name: string;
  readonly from: Side;
}

/** What a side held to be true, and since when: TLS 1.3 clients believe in success before the refusal arrives. */
export interface Belief {
  readonly atUs: number;
  readonly state: 'connected' | 'accepted' | 'refused' | 'learned-refused' | 'closed';
  /** One short sentence. */
  readonly text: string;
}

/** What a real program would print about this connection, and where. */
export interface RealText {
  /** `kube-apiserver`, `etcd`, `kubectl` … */
  readonly program: string;
  readonly text: string;
  /** At which level the real program prints it: `-v=5`, `warn`, `stderr`. */
  readonly level: string;
}

/** One end of a connection. */
export interface SideReport {
  /** Instance id: `kube-scheduler`, `kubelet@worker-1`. */
  readonly component: string;
  /** The chain that this side presented, DER, leaf first; empty when it presented none. */
  readonly presented: readonly Uint8Array[];
  /** Host path of the certificate file that it presented; null when it holds none. */
  readonly certFile: string | null;
  /** Host path of the bundle that it verifies its peer with; null when it does not verify. */
  readonly caFile: string | null;
  /** The trust anchors that it judged its peer by, DER, as they were then; empty when it judged nobody. */
  readonly trusted: readonly Uint8Array[];
  /** The name that its peer's certificate had to have, as dialled; null where none is wanted. */
  readonly wantedName: WantedName | null;
  /** By how much its clock was off real time when it judged, milliseconds; 0 where it judged nobody. */
  readonly clockShiftMs: number;
  /** What it checked about the peer, passed and failed, in Go's order. */
  readonly findings: readonly Finding[];
  /** Go's text of its verdict about the peer (`x509: …`); null when it accepted. */
  readonly verdictText: string | null;
  readonly believed: readonly Belief[];
  /** Why this side could not go on, in its own words' code; null when it is content. */
  readonly code: Code | null;
  readonly realTexts: readonly RealText[];
  /** What OpenSSL (Node) thinks of the same peer; null until somebody asks it (lab/second-opinions.ts). */
  readonly secondOpinion: SecondOpinion | null;
}

/** How a connection ended. */
export interface Outcome {
  readonly layer: Layer;
  /** Which side decided; null when all is well or nobody could. */
  readonly by: Side | null;
  readonly code: Code | null;
  readonly alert: Alert | null;
}

/** The first answer over a good handshake; null until there is one. */
export interface HttpResult {
  readonly status: number;
  /** The Status message or the body's first line; empty when all is well. */
  readonly message: string;
}

/** Bytes as they crossed the wire during the handshake, for Wireshark. */
export interface WireChunk {
  readonly from: Side;
  readonly atUs: number;
  readonly bytes: Uint8Array;
}

/** One connection. */
export interface Trace {
  /** Unique within a process. */
  readonly id: string;
  /** `open`: the handshake goes on; `done`: decided; `closed`: the connection is over. */
  readonly state: 'open' | 'done' | 'closed';
  /** Real time, milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** The host time by which the deciding side judged, RFC 3339. */
  readonly clusterTime: string;
  /** Hex of the ClientHello's random; empty when none was sent. */
  readonly clientRandom: string;
  /** `kube-scheduler->kube-apiserver`; the peer is `?` while unknown. */
  readonly channel: string;
  readonly clientAddress: { readonly address: string; readonly port: number };
  readonly serverAddress: { readonly address: string; readonly port: number };
  /** The server's policy for client certificates, when the server is ours. */
  readonly clientAuth: ClientAuth | 'none' | null;
  readonly protocol: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | null;
  readonly cipher: string | null;
  readonly sni: string | null;
  readonly alpn: string | null;
  readonly messages: readonly TraceMessage[];
  readonly client: SideReport | null;
  readonly server: SideReport | null;
  readonly outcome: Outcome;
  readonly http: HttpResult | null;
  /** NSS key log lines; they open this connection only. */
  readonly keylog: readonly string[];
  readonly wire: readonly WireChunk[];
  /** Sentences for what succeeded and should not have: `the server's certificate was not verified`. */
  readonly unsafe: readonly string[];
}
