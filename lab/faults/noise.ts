/** Noise: lines in a server's log that look like trouble, and are none. Every connection of the cluster goes on. */
import { noiseEdit } from './edits.ts';
import type { Fault } from './fault.ts';
import { servers } from './reach.ts';

/** The family. */
export const noise = [
  {
    id: 'lb-probe',
    family: 'noise',
    title: 'a load balancer’s health check connects to it and closes, every two seconds',
    chain: 'load balancer: TCP connect, FIN -> server, which waits for a ClientHello: EOF',
    rule: 'Go net/http server.go, conn.serve: whatever ends the handshake is logged, also a caller that has said nothing.',
    targets: servers,
    change: ({ target }) => [noiseEdit(target, 'tcp-probe')],
    outcomes: () => [],
    harm: 'mtls-lab logs kube-apiserver',
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'http: TLS handshake error from 35.191.1.228:32772: EOF',
          source: 'https://github.com/poseidon/typhoon/issues/629',
        },
        {
          program: 'kube-apiserver',
          text: 'http: TLS handshake error from 10.1.20.13:50152: EOF',
          source: 'https://github.com/jetstack/tarmak/pull/524',
        },
        {
          program: 'etcd',
          text: 'rejected connection from "172.16.137.160:40178" (error "EOF", ServerName "")',
          source: 'https://github.com/kubernetes/kubernetes/issues/70411',
        },
      ],
      see: 'the address: it is the load balancer’s, and comes at regular times; kubectl get --raw /readyz is ok',
      mend: 'nothing is broken; let the health check speak TLS: HTTPS on /readyz in place of TCP',
    },
  },
  {
    id: 'port-scan',
    family: 'noise',
    title: 'a scanner speaks plain HTTP to its port, every two seconds',
    chain: 'scanner: "GET / HTTP/1.0" -> TLS port: no TLS record',
    rule: 'Go net/http server.go, conn.serve: a plain request is answered 400 and logged.',
    targets: servers,
    change: ({ target }) => [noiseEdit(target, 'port-scan')],
    outcomes: () => [],
    harm: 'mtls-lab logs kube-apiserver',
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'http: TLS handshake error from …: tls: first record does not look like a TLS handshake',
          source: 'https://github.com/kubernetes/kubernetes/issues/71878',
        },
        {
          program: 'etcd',
          text: 'rejected connection from "127.0.0.1:34988" (error "tls: first record does not look like a TLS handshake", ServerName "")',
          source: 'measured with etcd 3.4 and curl',
        },
      ],
      see: 'the address in the line: a scanner, a monitor, Prometheus with scheme: http',
      mend: 'nothing is broken; find the caller by its address and tell it https, or close the port to it',
    },
  },
  {
    id: 'old-probe',
    family: 'noise',
    title: 'a health check says hello in SSL 3.0 (HAProxy, option ssl-hello-chk), every two seconds',
    chain: 'HAProxy: ClientHello 3.0 -> server from TLS 1.2 on: alert 70',
    rule: 'RFC 7568: SSL 3.0 must not be used. The server answers protocol_version; the check takes any answer for good.',
    targets: servers,
    change: ({ target }) => [noiseEdit(target, 'old-hello')],
    outcomes: () => [],
    harm: 'mtls-lab logs kube-apiserver',
    realWorld: {
      texts: [
        {
          program: 'kube-apiserver',
          text: 'http: TLS handshake error from …: tls: client offered only unsupported versions: [300]',
          source: 'https://github.com/kubernetes/kubernetes/issues/70411',
        },
      ],
      see: 'haproxy.cfg: option ssl-hello-chk',
      mend: 'option httpchk GET /readyz, and check check-ssl verify none on the server lines',
    },
  },
] as const satisfies readonly Fault[];
