/** Codes of the lab itself: its command line, directory and clock. */
import type { CodeEntry } from './entry.ts';

export const LAB_CODES = {
  FLAG_UNKNOWN: {
    title: 'A flag that this program does not have',
    why: 'Flags are the real ones, letter for letter; one that the real program has and the lab does not is refused too, lest it seem to work.',
    fix: 'see the list: `npx mtls-lab COMMAND --help`',
    source: 'mtls-lab components/flags.ts',
  },
  FLAG_INVALID: {
    title: 'A flag has a value that cannot be used',
    why: 'The value is of another type than the flag, outside its range, or missing.',
    fix: 'see what it takes: `npx mtls-lab COMMAND --help`',
    source: 'mtls-lab components/flags.ts',
  },
  USAGE: {
    title: 'The command line is not right',
    why: 'The command needs other arguments than were given.',
    fix: '`npx mtls-lab COMMAND --help`',
    source: 'mtls-lab lab/cli',
  },
  NAME_UNKNOWN: {
    title: 'No such certificate, component or connection',
    why: 'One resolver knows all names: ids (kubelet@worker-1), components, files, paths, channels. None of them fits.',
    fix: 'see them all: `npx mtls-lab certs` and `npx mtls-lab status`',
    source: 'mtls-lab certs/identities.ts',
  },
  CHOICE_REFUSED: {
    title: 'These choices do not go together',
    why: 'One choice makes another impossible, or the directory was made with other choices, which cannot be changed afterwards.',
    fix: 'leave one of them out, or start over: `npx mtls-lab reset`, then `npx mtls-lab init`',
    source: 'mtls-lab lab/directory.ts',
  },
  DESK_EXISTS: {
    title: "The CA's folder exists already",
    why: 'Making a new CA over an old one would orphan every certificate that the old one signed.',
    fix: 'go on with what is there, take another --dir, or `npx mtls-lab reset`',
    source: 'mtls-lab certs/desk.ts',
  },
  DIR_INVALID: {
    title: 'The directory is not a lab directory',
    why: 'Commands act only on a directory that `init` made: lab.yaml is missing, or cannot be understood.',
    fix: 'point --dir at the right place, or make one: `npx mtls-lab init`',
    source: 'mtls-lab lab/directory.ts',
  },
  DIR_UNWRITABLE: {
    title: 'The directory cannot be written',
    why: 'The lab keeps its whole state in files; this place does not take any (mode, owner, read-only or full disk).',
    fix: 'take another place: --dir DIR',
    source: 'mtls-lab certs/files.ts',
  },
  PATH_ESCAPES: {
    title: "A path leaves its host's folder",
    why: 'A host is a folder, and nothing outside it exists for its components: neither .. nor a symbolic link may lead out.',
    fix: 'use a path inside the host, such as /etc/kubernetes/pki/ca.crt',
    source: 'mtls-lab components/host.ts',
  },
  PORT_IN_USE: {
    title: 'The port is taken',
    why: 'Another program listens there: a real cluster, or a second lab.',
    fix: 'stop it, or use other ports: `npx mtls-lab up --port-base 0`',
    source: 'POSIX.1-2017, bind: EADDRINUSE',
  },
  LAB_RUNNING: {
    title: 'A lab runs in this directory already',
    why: 'Two labs in one directory would write over each other. The lock in run/ says who holds it.',
    fix: 'use the one that runs, stop it with Ctrl-C there, or take another --dir',
    source: 'mtls-lab lab/lock.ts',
  },
  LAB_NOT_RUNNING: {
    title: 'No lab runs in this directory',
    why: 'This command asks the running lab through its own loopback API.',
    fix: 'start it: `npx mtls-lab up`',
    source: 'mtls-lab lab/api.ts',
  },
  CLOCK_INVALID: {
    title: 'The clock file cannot be understood',
    why: 'It holds a shift (+90d, -2h), an RFC 3339 instant, or nothing for real time.',
    fix: 'write it anew: `npx mtls-lab clock +90d`, or `npx mtls-lab clock reset`',
    source: 'mtls-lab certs/clock.ts',
  },
  FAULT_NOT_APPLICABLE: {
    title: 'The fault does not apply to this target',
    why: 'Not every flaw can befall every certificate: a client certificate has no host name to get wrong, a CA no key usage for servers.',
    fix: 'see what it applies to: `npx mtls-lab faults ID`',
    source: 'mtls-lab lab/faults/catalogue.ts',
  },
  FAULT_STANDS: {
    title: 'The fault stands already',
    why: 'What it would break is broken by it now; breaking it twice would lose the good files.',
    fix: 'mend it first: `npx mtls-lab fix TARGET`',
    source: 'mtls-lab lab/faults/catalogue.ts',
  },
  TOOL_MISSING: {
    title: 'A program is missing',
    why: 'This step uses a real program (kubectl, openssl, etcd), which is not on PATH.',
    fix: 'install it, or use what the lab has itself: `npx mtls-lab kubectl …`; see `npx mtls-lab doctor`',
    source: 'mtls-lab lab/cli',
  },
  NODE_TOO_OLD: {
    title: 'Node.js is too old',
    why: 'The lab runs on Node 20.19 and newer: older releases lack the key log and TLS functions that it reads handshakes with.',
    fix: 'install a newer Node.js; see `node --version`',
    source: 'mtls-lab package.json, engines',
  },
  INTERNAL: {
    title: 'A mistake in the lab itself',
    why: 'Something happened that should be impossible. It is not your certificates.',
    fix: 'run it again with --json and report what it printed',
    source: 'mtls-lab certs/errors.ts',
  },
} as const satisfies Record<string, CodeEntry>;
