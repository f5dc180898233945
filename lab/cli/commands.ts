/**
 * The table of commands: what each takes, and where its code is. A new command is one more row and one file.
 */
import type { CommandSpec, OptionSpec } from './command.ts';

const CLIENT_AUTH = {
  type: 'string',
  value: 'require|request',
  help: 'require: strict (lab), a bad client is refused in TLS; request: as Kubernetes does, 401 or 403',
} as const satisfies OptionSpec;

const WORKERS = {
  type: 'string',
  value: 'N',
  help: 'number of worker nodes (default 1)',
} as const satisfies OptionSpec;

const PORT_BASE = {
  type: 'string',
  value: 'P',
  help: 'listen on P (API server), P+1 (etcd), P+10… (kubelets); 0: any free ports; default: the real ones',
} as const satisfies OptionSpec;

const CHOICES = {
  cas: {
    type: 'string',
    value: 'single|separate',
    help: 'one CA for all (default), or one of its own for etcd',
  },
  'apiserver-client': {
    type: 'string',
    value: 'dedicated|reuse',
    help: 'client certificates of the API server: its own (default), or apiserver.crt reused',
  },
  key: { type: 'string', value: 'rsa-2048|ecdsa-p256', help: 'kind of keys (default rsa-2048)' },
  names: {
    type: 'string',
    value: 'crt|pem',
    help: 'NAME.crt and NAME.key (default), or NAME.pem and NAME-key.pem',
  },
} as const satisfies Record<string, OptionSpec>;

export const commands = {
  up: {
    group: 'Cluster',
    summary: 'make the cluster directory if there is none, start everything, show every connection',
    usage: '[--once]',
    options: {
      once: { type: 'boolean', help: 'start, let every connection shake hands, report, stop' },
      workers: WORKERS,
      'client-auth': CLIENT_AUTH,
      'port-base': PORT_BASE,
      ...CHOICES,
      'no-prompt': { type: 'boolean', help: 'no lab> prompt, also on a terminal' },
      'no-open': { type: 'boolean', help: 'do not open the dashboard in a browser' },
    },
    takes: [0, 0],
    examples: ['mtls-lab up', 'mtls-lab up --once --json', 'mtls-lab up --workers 3 --client-auth request'],
    load: () => import('./up.ts'),
  },
  init: {
    group: 'Cluster',
    summary: "make the cluster directory: the CA's folder (pki/) and every host (hosts/)",
    usage: '',
    options: { workers: WORKERS, 'client-auth': CLIENT_AUTH, 'port-base': PORT_BASE, ...CHOICES },
    takes: [0, 0],
    examples: ['mtls-lab init', 'mtls-lab init --cas separate --workers 3', 'mtls-lab init --names pem'],
    load: () => import('./init.ts'),
  },
  status: {
    group: 'Cluster',
    summary: 'every connection, what suffers, and where files differ from what they should be',
    usage: '',
    options: {},
    takes: [0, 0],
    examples: ['mtls-lab status', 'mtls-lab status --json'],
    load: () => import('./status.ts'),
  },
  start: {
    group: 'Cluster',
    summary: 'start a component that was stopped',
    usage: 'COMPONENT',
    options: {},
    takes: [1, 1],
    examples: ['mtls-lab start scheduler'],
    load: () => import('./lifecycle.ts'),
  },
  stop: {
    group: 'Cluster',
    summary: 'stop a component',
    usage: 'COMPONENT',
    options: {},
    takes: [1, 1],
    examples: ['mtls-lab stop kubelet@worker-1'],
    load: () => import('./lifecycle.ts'),
  },
  restart: {
    group: 'Cluster',
    summary: 'stop a component and start it again',
    usage: 'COMPONENT',
    options: {},
    takes: [1, 1],
    examples: ['mtls-lab restart apiserver'],
    load: () => import('./lifecycle.ts'),
  },
  logs: {
    group: 'Cluster',
    summary: "a component's log, in the real program's format",
    usage: 'COMPONENT [-f]',
    options: {
      follow: { type: 'boolean', short: 'f', help: 'go on with new lines until Ctrl-C' },
      tail: { type: 'string', value: 'N', help: 'only the last N lines' },
    },
    takes: [1, 1],
    examples: ['mtls-lab logs kube-apiserver --tail 20', 'mtls-lab logs etcd -f'],
    load: () => import('./logs.ts'),
  },
  env: {
    group: 'Cluster',
    summary: 'lines for your shell: your own kubectl then talks to this cluster',
    usage: '',
    options: {},
    takes: [0, 0],
    examples: ['mtls-lab env', 'mtls-lab env >env.sh'],
    load: () => import('./env.ts'),
  },
  reset: {
    group: 'Cluster',
    summary: 'remove what the lab made in the directory, and nothing else',
    usage: '',
    options: {},
    takes: [0, 0],
    examples: ['mtls-lab reset'],
    load: () => import('./reset.ts'),
  },
  certs: {
    group: 'Certificates',
    summary: 'when each certificate ends and whether it is as it should be; renew, sign, distribute',
    usage:
      '[check-expiration]  |  HOST:PORT…  |  renew ID…|all  |  sign CSR --as ID  |  distribute [ID…]  |  signing [on|off]',
    options: {
      as: { type: 'string', value: 'ID', help: 'sign: purpose, names and CA of this certificate' },
      purpose: { type: 'string', value: 'server|client', help: 'sign: for a bare purpose' },
      out: { type: 'string', value: 'FILE', help: 'sign: where to (default beside the request)' },
      'keep-key': { type: 'boolean', help: 'renew: keep the key pair (default: a new one, as kubeadm does)' },
    },
    takes: [0, 5000],
    examples: [
      'mtls-lab certs',
      'mtls-lab certs 127.0.0.1:6443 127.0.0.1:2379',
      'mtls-lab certs renew scheduler',
      'mtls-lab certs distribute',
      'mtls-lab certs sign my.csr --as scheduler',
      'mtls-lab certs signing on',
    ],
    load: () => import('./certs.ts'),
  },
  export: {
    group: 'Certificates',
    summary: "write the lab's CAs and certificates in kubeadm's layout, with a kubeadm config that uses them",
    usage: '--kubeadm DIR',
    options: {
      kubeadm: { type: 'string', value: 'DIR', help: 'a new folder to write to' },
      'node-name': { type: 'string', value: 'NAME', help: 'the node to run kubeadm init on (control-plane)' },
      'advertise-address': { type: 'string', value: 'IP', help: 'its address (192.0.2.10)' },
    },
    takes: [0, 0],
    examples: ['mtls-lab export --kubeadm ./kubeadm --advertise-address 192.0.2.10'],
    load: () => import('./export.ts'),
  },
  inspect: {
    group: 'Certificates',
    summary: 'a certificate, request, key, bundle, kubeconfig or live server in plain words',
    usage: 'FILE|ID|HOST:PORT',
    options: {},
    takes: [1, 1],
    examples: [
      'mtls-lab inspect scheduler',
      'mtls-lab inspect mtls-lab/hosts/laptop/.kube/config',
      'mtls-lab inspect 127.0.0.1:6443',
    ],
    load: () => import('./inspect.ts'),
  },
  verify: {
    group: 'Certificates',
    summary: "Go's verdict about a certificate, with every check and the way to mend",
    usage: '--cert F --ca F --purpose server|client [--name N] [--time T]  |  --batch',
    options: {
      cert: { type: 'string', value: 'FILE', help: 'the certificate, then its intermediates' },
      ca: { type: 'string', value: 'FILE', help: 'the trusted CAs' },
      purpose: { type: 'string', value: 'server|client|any', help: 'what the certificate is wanted for' },
      name: { type: 'string', value: 'NAME', help: 'the DNS name or IP address that was dialled' },
      time: {
        type: 'string',
        value: 'T',
        help: 'an RFC 3339 instant, or +90d; default now, by the clock of DIR',
      },
      batch: { type: 'boolean', help: 'read JSON lines from standard input, answer one line each' },
    },
    takes: [0, 0],
    examples: [
      'mtls-lab verify --cert mtls-lab/pki/scheduler.crt --ca mtls-lab/pki/ca.crt --purpose client',
      'mtls-lab verify --batch <questions.jsonl',
    ],
    load: () => import('./verify.ts'),
  },
  tour: {
    group: 'Look',
    summary: 'five minutes, six steps: look, break, find out who refused, mend',
    usage: '[--restart]',
    options: { restart: { type: 'boolean', help: 'from the beginning' } },
    takes: [0, 0],
    examples: ['mtls-lab tour'],
    load: () => import('./tour.ts'),
  },
  explain: {
    group: 'Look',
    summary: 'a code, an alert, a word, or a whole pasted log line in plain words',
    usage: '[WHAT]',
    options: {},
    takes: [0, 200],
    examples: [
      'mtls-lab explain SAN',
      'mtls-lab explain 45',
      "mtls-lab explain 'remote error: tls: bad certificate'",
    ],
    load: () => import('./explain.ts'),
  },
  handshake: {
    group: 'Look',
    summary: 'one fresh handshake between two components, told from both sides',
    usage: 'CLIENT SERVER',
    options: {
      verbose: { type: 'boolean', short: 'v', help: 'every message with its fields' },
      hex: { type: 'boolean', help: 'every message with its bytes' },
      tls: { type: 'string', value: '1.2|1.3', help: 'the only version that the client offers' },
      step: { type: 'boolean', help: 'hold every message until you press Enter, each explained' },
      delay: { type: 'string', value: 'MS', help: 'let a message go every MS milliseconds, each explained' },
    },
    takes: [1, 2],
    examples: [
      'mtls-lab handshake scheduler apiserver',
      "mtls-lab handshake 'kube-apiserver->etcd' --tls 1.2",
      'mtls-lab handshake kubectl apiserver --step',
    ],
    load: () => import('./handshake.ts'),
  },
  capture: {
    group: 'Look',
    summary: 'the last handshakes of every connection as a file for Wireshark, secrets inside',
    usage: '-o FILE.pcapng  |  --keylog FILE',
    options: {
      out: { type: 'string', short: 'o', value: 'FILE', help: 'where to write' },
      keylog: { type: 'string', value: 'FILE', help: 'write the secrets alone (SSLKEYLOGFILE)' },
      seconds: { type: 'string', value: 'N', help: 'wait so long first, for handshakes to come' },
    },
    takes: [0, 0],
    examples: ['mtls-lab capture -o lab.pcapng'],
    load: () => import('./capture.ts'),
  },
  faults: {
    group: 'Break and fix',
    summary: 'the faults that break knows, or one of them in full',
    usage: '[FAULT]',
    options: {},
    takes: [0, 1],
    examples: ['mtls-lab faults', 'mtls-lab faults expired'],
    load: () => import('./faults.ts'),
  },
  break: {
    group: 'Break and fix',
    summary: 'guess, break something on a host, and see what stops; what it replaces is kept',
    usage: '[FAULT [--on] TARGET]',
    options: {
      on: { type: 'string', value: 'ID', help: 'what to break: scheduler, kubelet@worker-1, ca@laptop …' },
      random: { type: 'boolean', help: 'a fault by chance, on something by chance' },
      seed: { type: 'string', value: 'TEXT', help: '--random: the same text picks the same fault' },
      hide: { type: 'boolean', help: 'do not say what was broken, until reveal or all is green again' },
    },
    takes: [0, 2],
    examples: [
      'mtls-lab break',
      'mtls-lab break expired scheduler',
      'mtls-lab break unknown-ca --on etcd-server',
      'mtls-lab break --random --hide',
    ],
    load: () => import('./break.ts'),
  },
  reveal: {
    group: 'Break and fix',
    summary: 'say what a hidden break is',
    usage: '',
    options: {},
    takes: [0, 0],
    examples: ['mtls-lab reveal'],
    load: () => import('./reveal.ts'),
  },
  fix: {
    group: 'Break and fix',
    summary: 'issue anew and distribute what is broken, whoever broke it',
    usage: '[CERTIFICATE…] [--undo]',
    options: { undo: { type: 'boolean', help: 'put back the files that break replaced' } },
    takes: [0, 100],
    examples: ['mtls-lab fix', 'mtls-lab fix scheduler', 'mtls-lab fix --undo'],
    load: () => import('./fix.ts'),
  },
  clock: {
    group: 'Break and fix',
    summary: "show or move the cluster's time, or one host's",
    usage: '[+90d|INSTANT|reset]',
    options: {
      host: { type: 'string', value: 'HOST', help: 'one host only: laptop, control-plane, worker-1 …' },
    },
    takes: [0, 1],
    examples: ['mtls-lab clock +400d', 'mtls-lab clock -2h --host worker-1', 'mtls-lab clock reset'],
    load: () => import('./clock.ts'),
  },
  kubectl: {
    group: 'Tools',
    summary: "the lab's own small kubectl, with the laptop's kubeconfig",
    usage: 'get|describe|apply|create|delete|scale|logs|exec|auth|config …',
    options: {},
    takes: [0, 1000],
    passThrough: true,
    examples: ['mtls-lab kubectl get pods -o wide', 'mtls-lab kubectl scale deployment web --replicas=3'],
    load: () => import('./kubectl.ts'),
  },
  doctor: {
    group: 'Tools',
    summary:
      'check this computer and the directory: Node.js, ports, file modes, clock, leftovers, KUBECONFIG',
    usage: '',
    options: {},
    takes: [0, 0],
    examples: ['mtls-lab doctor'],
    load: () => import('./doctor.ts'),
  },
} as const satisfies Record<string, CommandSpec>;

/** The names of the commands. */
export type CommandName = keyof typeof commands;

/** Narrow a word to a command's name. */
export function findCommand(name: string): CommandName | undefined {
  return Object.hasOwn(commands, name) ? (name as CommandName) : undefined;
}
