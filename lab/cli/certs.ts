/** `certs`: the table of certificates; `certs renew`, `sign`, `distribute` and `signing`. Works whether or not a lab runs. */
import { relative } from 'node:path';
import { issueOnDesk } from '../../certs/desk.ts';
import { LabError } from '../../certs/errors.ts';
import { distribute, type FileCopy, undistributed } from '../../certs/hosts.ts';
import { type ExtendedKeyUsage, type Identity, identities } from '../../certs/identities.ts';
import { nearest } from '../../certs/nearest.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { type SignAs, signRequest } from '../../certs/sign-request.ts';
import { deskNow, type LabDirectory, readDirectory } from '../directory.ts';
import { SERVER_ADDRESS } from '../inspect-server.ts';
import { type Invocation, switchOption, textOption } from './command.ts';

type Action = (invocation: Invocation, directory: LabDirectory, rest: readonly string[]) => Promise<number>;

const ACTIONS = {
  'check-expiration': check,
  renew,
  sign,
  distribute: copyOut,
  signing,
} as const satisfies Record<string, Action>;

export async function run(invocation: Invocation): Promise<number> {
  const [word = 'check-expiration', ...rest] = invocation.positionals;
  const directory = readDirectory(invocation.dir);
  const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word as keyof typeof ACTIONS] : undefined;
  if (action) return action(invocation, directory, rest);
  if (SERVER_ADDRESS.test(word)) {
    const { showLive } = await import('./certs-live.ts');
    return showLive(invocation, directory, invocation.positionals);
  }
  const near = nearest(word, Object.keys(ACTIONS));
  throw new LabError('USAGE', {
    what: `certs has no "${word}"; it has ${Object.keys(ACTIONS).join(', ')}`,
    fix: near === undefined ? 'npx mtls-lab certs --help' : `did you mean ${near}?`,
  });
}

export async function complete(dir: string): Promise<readonly string[]> {
  return [...Object.keys(ACTIONS), ...identities(readDirectory(dir).choices).map(({ id }) => id)];
}

async function check(invocation: Invocation, directory: LabDirectory): Promise<number> {
  const { showCertificates } = await import('./certs-table.ts');
  return showCertificates(invocation, directory);
}

async function signing(
  invocation: Invocation,
  directory: LabDirectory,
  [word]: readonly string[],
): Promise<number> {
  const { showSigning } = await import('./certs-signing.ts');
  return showSigning(invocation, directory, word);
}

/** Issue anew on the desk; nothing changes on the hosts until they are distributed. */
async function renew(
  invocation: Invocation,
  directory: LabDirectory,
  names: readonly string[],
): Promise<number> {
  const { dir, choices } = directory;
  if (names.length === 0) {
    throw new LabError('USAGE', {
      what: 'certs renew: which one?',
      fix: 'npx mtls-lab certs renew all, or the name of one: npx mtls-lab certs renew scheduler',
    });
  }
  const which = chosen(directory, names);
  const keys = switchOption(invocation, 'keep-key') ? 'keep' : 'new';
  await issueOnDesk(dir, choices, which, deskNow(dir), { keys });
  const waiting = undistributed(dir, choices, which);
  const ids = which.map(({ id }) => id);
  if (invocation.json) {
    invocation.terminal.print(
      JSON.stringify({ ok: true, renewed: ids, undistributed: waiting.map(copyJson) }),
    );
    return 0;
  }
  invocation.terminal.print(`Issued anew in the CA's folder: ${ids.join(', ')}`);
  invocation.terminal.print(
    `Not distributed yet: ${hostsOf(waiting)}. Copy them: npx mtls-lab certs distribute`,
  );
  return 0;
}

/** Sign a request, as one of the certificates or for a bare purpose. */
async function sign(
  invocation: Invocation,
  directory: LabDirectory,
  files: readonly string[],
): Promise<number> {
  const [file] = files;
  if (file === undefined || files.length > 1) {
    throw new LabError('USAGE', {
      what: 'certs sign takes one request',
      fix: 'npx mtls-lab certs sign FILE.csr --as scheduler',
    });
  }
  const { dir, choices } = directory;
  const out = textOption(invocation, 'out');
  const report = signRequest(
    dir,
    choices,
    file,
    signAs(invocation, directory),
    deskNow(dir),
    ...(out === undefined ? [] : [out]),
  );
  if (invocation.json) invocation.terminal.print(JSON.stringify({ ok: true, ...report }));
  else {
    const names = report.sans.length === 0 ? '' : `, for ${report.sans.join(', ')}`;
    invocation.terminal.print(`${report.out}: ${report.subject}, ${report.usages.join(', ')}${names}`);
    invocation.terminal.print(`signed by ${report.signer}`);
    for (const note of report.notes) invocation.terminal.print(`note: ${note}`);
  }
  return 0;
}

function signAs(invocation: Invocation, { choices }: LabDirectory): SignAs {
  const as = textOption(invocation, 'as');
  const purpose = textOption(invocation, 'purpose');
  if (as !== undefined && purpose === undefined) return { as: findIdentity(choices, as) };
  const usages: Readonly<Record<string, ExtendedKeyUsage>> = {
    server: 'serverAuth',
    client: 'clientAuth',
    serverAuth: 'serverAuth',
    clientAuth: 'clientAuth',
  };
  const usage = purpose === undefined ? undefined : usages[purpose];
  if (as === undefined && usage !== undefined) return { purpose: usage };
  throw new LabError('USAGE', {
    what:
      purpose !== undefined && usage === undefined
        ? `certs sign: --purpose "${purpose}" is neither server nor client`
        : 'certs sign needs either --as or --purpose',
    fix: '--as scheduler (Subject from the request, purpose and names from the table), or --purpose client',
  });
}

/** Copy what is out of date to the hosts, keys before certificates. */
async function copyOut(
  invocation: Invocation,
  directory: LabDirectory,
  names: readonly string[],
): Promise<number> {
  const { dir, choices } = directory;
  const copies = distribute(
    dir,
    choices,
    names.length === 0 ? identities(choices) : chosen(directory, names),
  );
  if (invocation.json) invocation.terminal.print(JSON.stringify({ ok: true, copied: copies.map(copyJson) }));
  else if (copies.length === 0) invocation.terminal.print('Every host has what the CA issued.');
  else
    for (const { from, to } of copies)
      invocation.terminal.print(`cp ${relative(process.cwd(), from)} ${relative(process.cwd(), to)}`);
  return 0;
}

function chosen({ choices }: LabDirectory, names: readonly string[]): readonly Identity[] {
  if (names.length === 1 && names[0] === 'all')
    return identities(choices).filter(({ kind }) => kind === 'leaf');
  const found = new Map(names.map((name) => findIdentity(choices, name)).map((one) => [one.id, one]));
  return [...found.values()];
}

function copyJson({ identity, host, what, from, to }: FileCopy): object {
  return { id: identity.id, host, what, from, to };
}

function hostsOf(copies: readonly FileCopy[]): string {
  const certs = copies.filter(({ what }) => what === 'cert');
  return certs.map(({ identity, host }) => `${identity.id} to ${host}`).join(', ') || 'nothing';
}
