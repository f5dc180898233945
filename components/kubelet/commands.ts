/**
 * The simulated commands of containers, one table. Each gets its arguments and answers an exit code.
 */

import { type Call, pause } from './call.ts';
import { WELCOME } from './files.ts';
import { readTar, writeTar } from './tar.ts';

/** One program. */
export type Command = (call: Call) => number | Promise<number>;

/** A terminal's first size is waited for, half a second at most. */
const SIZE_WAIT_MS = 10;
const SIZE_WAITS = 50;
/** How the real programs (busybox's, mostly) word their complaints. */
const NO_FILE = 'No such file or directory';

export const COMMANDS: Readonly<Record<string, Command>> = {
  true: () => 0,
  ':': () => 0,
  false: () => 1,
  exit: ({ args, leave }) => leave(Number.parseInt(args[0] ?? '0', 10) & 255),
  echo: ({ args, stdout }) => {
    const flags = /^-[ne]+$/.test(args[0] ?? '') ? (args[0] ?? '') : '';
    const text = (flags ? args.slice(1) : args).join(' ');
    stdout((flags.includes('e') ? unescaped(text) : text) + (flags.includes('n') ? '' : '\n'));
    return 0;
  },
  printf: ({ args, stdout }) => {
    const values = args.slice(1);
    stdout(unescaped(args[0] ?? '').replace(/%[sd]/g, () => values.shift() ?? ''));
    return 0;
  },
  env: ({ env, stdout }) =>
    print(
      stdout,
      [...env].map(([name, value]) => `${name}=${value}`),
    ),
  printenv: ({ args, env, stdout }) => {
    if (args.length === 0)
      return print(
        stdout,
        [...env].map(([name, value]) => `${name}=${value}`),
      );
    const value = env.get(args[0] ?? '');
    return value === undefined ? 1 : print(stdout, [value]);
  },
  export: ({ args, env }) => {
    for (const arg of args) {
      const [name = '', ...value] = arg.split('=');
      if (value.length > 0) env.set(name, value.join('='));
    }
    return 0;
  },
  hostname: ({ args, pod, stdout }) => print(stdout, [args[0] === '-i' ? pod.ip : pod.pod.metadata.name]),
  whoami: ({ stdout }) => print(stdout, ['root']),
  id: ({ args, stdout }) =>
    print(stdout, [args[0] === '-u' ? '0' : 'uid=0(root) gid=0(root) groups=0(root)']),
  date: ({ args, now, stdout }) => {
    const at = now();
    if (args.includes('+%s')) return print(stdout, [String(Math.floor(at.getTime() / 1000))]);
    const [day, date, month, year, time] = at.toUTCString().replace(',', '').split(' ');
    return print(stdout, [`${day} ${month} ${String(Number(date)).padStart(2)} ${time} UTC ${year}`]);
  },
  uname: ({ args, node, stdout }) =>
    print(stdout, [
      args[0] === '-a'
        ? `Linux ${node} 6.1.0-lab #1 SMP x86_64 GNU/Linux`
        : args[0] === '-n'
          ? node
          : 'Linux',
    ]),
  nproc: ({ stdout }) => print(stdout, ['4']),
  ps: ({ container, stdout }) => {
    const main = [...(container.spec.command ?? []), ...(container.spec.args ?? [])].join(' ');
    return print(stdout, [
      'PID   USER     TIME  COMMAND',
      `    1 root      0:00 ${main || 'nginx: master process'}`,
      '   42 root      0:00 ps',
    ]);
  },
  tty: ({ terminal, stdout }) => {
    print(stdout, [terminal ? '/dev/pts/0' : 'not a tty']);
    return terminal ? 0 : 1;
  },
  stty: async ({ args, terminal, stdout, stderr, signal }) => {
    if (!terminal) {
      stderr('stty: standard input: Inappropriate ioctl for device\n');
      return 1;
    }
    // The client tells the size as soon as the session stands; a real program starts later than that.
    for (let left = SIZE_WAITS; left > 0 && terminal.rows === 0; left--) await pause(SIZE_WAIT_MS, signal);
    if (args[0] === 'size') return print(stdout, [`${terminal.rows} ${terminal.columns}`]);
    return print(stdout, [`speed 38400 baud; rows ${terminal.rows}; columns ${terminal.columns}; line = 0;`]);
  },
  sleep: async ({ args, signal, maxSleepMs, stderr }) => {
    const match = /^(\d+(?:\.\d+)?)([smhd]?)$|^(inf(?:inity)?)$/.exec(args[0] ?? '');
    if (!match) {
      stderr(`sleep: invalid number '${args[0] ?? ''}'\n`);
      return 1;
    }
    const unit = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? ''] ?? 1000;
    await pause(
      match[3] ? Math.min(maxSleepMs, 2 ** 31 - 1) : Math.min(maxSleepMs, Number(match[1]) * unit),
      signal,
    );
    return 0;
  },
  pwd: ({ cwd, stdout }) => print(stdout, [cwd.path]),
  cd: ({ args, cwd, files, stderr }) => {
    const path = files.resolve(cwd.path, args[0] ?? '/root');
    if (!files.list(path)) {
      stderr(`sh: cd: can't cd to ${args[0]}: ${NO_FILE}\n`);
      return 2;
    }
    cwd.path = path;
    return 0;
  },
  ls: (call) => {
    const { args, cwd, files, stdout, stderr } = call;
    const names = args.filter((arg) => !arg.startsWith('-'));
    const long = args.some((arg) => /^-\w*l/.test(arg));
    let code = 0;
    for (const name of names.length > 0 ? names : ['.']) {
      const path = files.resolve(cwd.path, name);
      const file = files.read(path);
      const found = file ? [name] : files.list(path);
      if (!found) {
        stderr(`ls: ${name}: ${NO_FILE}\n`);
        code = 1;
        continue;
      }
      const row = (one: string): string => {
        const folder = one.endsWith('/');
        const size = folder ? 4096 : (files.read(files.resolve(path, file ? path : one))?.length ?? 0);
        const mode = folder ? 'drwxr-xr-x' : '-rw-r--r--';
        return `${mode}    1 root     root     ${String(size).padStart(9)} ${one.replace(/\/$/, '')}`;
      };
      print(
        stdout,
        found.map((one) => (long ? row(one) : one.replace(/\/$/, ''))),
      );
    }
    return code;
  },
  cat: async (call) => {
    if (call.args.length === 0 || call.args[0] === '-') {
      for await (const chunk of call.stdin ?? []) call.stdout(chunk);
      return 0;
    }
    return eachFile(call, 'cat', call.args, (bytes) => call.stdout(bytes));
  },
  head: (call) => lines(call, 'head', (all, count) => all.slice(0, count)),
  tail: (call) => lines(call, 'tail', (all, count) => all.slice(-count)),
  wc: async (call) => {
    const text = await input(
      call,
      call.args.filter((arg) => !arg.startsWith('-')),
    );
    const counts = [
      text.split('\n').length - 1,
      text.split(/\s+/).filter(Boolean).length,
      Buffer.byteLength(text),
    ];
    const which = ['-l', '-w', '-c'].findIndex((flag) => call.args.includes(flag));
    return print(call.stdout, [which >= 0 ? String(counts[which]) : counts.join(' ')]);
  },
  grep: async (call) => {
    const [pattern = '', ...names] = call.args.filter((arg) => !arg.startsWith('-'));
    const invert = call.args.some((arg) => /^-\w*v/.test(arg));
    const fold = call.args.some((arg) => /^-\w*i/.test(arg));
    const plain = (text: string): string => (fold ? text.toLowerCase() : text);
    const all = (await input(call, names)).split('\n').filter((line) => line !== '');
    const found = all.filter((line) => plain(line).includes(plain(pattern)) !== invert);
    if (found.length > 0) print(call.stdout, found);
    return found.length > 0 ? 0 : 1;
  },
  tee: async (call) => {
    const text = await input(call, []);
    for (const name of call.args)
      call.files.write(call.files.resolve(call.cwd.path, name), Buffer.from(text));
    call.stdout(text);
    return 0;
  },
  touch: ({ args, cwd, files }) => {
    for (const path of args.map((name) => files.resolve(cwd.path, name))) {
      if (!files.read(path)) files.write(path, new Uint8Array());
    }
    return 0;
  },
  mkdir: () => 0,
  rm: ({ args, cwd, files, stderr }) => {
    const force = args.some((arg) => /^-\w*f/.test(arg));
    const missing = args
      .filter((arg) => !arg.startsWith('-'))
      .filter((name) => !files.remove(files.resolve(cwd.path, name)));
    if (force || missing.length === 0) return 0;
    for (const name of missing) stderr(`rm: can't remove '${name}': ${NO_FILE}\n`);
    return 1;
  },
  test: (call) => condition(call, call.args),
  '[': (call) => condition(call, call.args.slice(0, -1)),
  seq: ({ args, stdout }) => {
    const [from, to] = args.length > 1 ? [Number(args[0]), Number(args[1])] : [1, Number(args[0])];
    const count = Math.max(0, Math.min(10_000, to - from + 1)) || 0;
    return print(
      stdout,
      Array.from({ length: count }, (_, index) => String(from + index)),
    );
  },
  curl: (call) => fetchLocal(call, 'curl: (7) Failed to connect: Connection refused\n', 7),
  wget: (call) => fetchLocal(call, "wget: can't connect to remote host: Connection refused\n", 1),
  tar: async (call) => {
    const [flags = '', ...rest] = call.args;
    const folder = rest.includes('-C') ? (rest[rest.indexOf('-C') + 1] ?? '/') : call.cwd.path;
    if (/c/.test(flags)) {
      const names = rest.filter((name, at) => name !== '-' && name !== '-C' && rest[at - 1] !== '-C');
      const found = names.map((name) => ({ name, bytes: call.files.read(call.files.resolve(folder, name)) }));
      const missing = found.find((one) => !one.bytes);
      if (missing) {
        call.stderr(`tar: ${missing.name}: Cannot stat: ${NO_FILE}\n`);
        return 2;
      }
      call.stdout(
        writeTar(
          found.map(({ name, bytes }) => ({
            name: name.replace(/^\//, ''),
            bytes: bytes ?? new Uint8Array(),
          })),
        ),
      );
      return 0;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of call.stdin ?? []) chunks.push(chunk);
    for (const { name, bytes } of readTar(Buffer.concat(chunks))) {
      call.files.write(call.files.resolve(folder, name), bytes);
    }
    return 0;
  },
};

function print(stdout: Call['stdout'], all: readonly string[]): number {
  if (all.length > 0) stdout(`${all.join('\n')}\n`);
  return 0;
}

function unescaped(text: string): string {
  return text.replace(/\\([ntr\\])/g, (_, sign: string) => ({ n: '\n', t: '\t', r: '\r' })[sign] ?? sign);
}

function eachFile(
  call: Call,
  program: string,
  names: readonly string[],
  use: (bytes: Uint8Array) => void,
): number {
  let code = 0;
  for (const name of names) {
    const bytes = call.files.read(call.files.resolve(call.cwd.path, name));
    if (bytes) use(bytes);
    else {
      call.stderr(`${program}: can't open '${name}': ${NO_FILE}\n`);
      code = 1;
    }
  }
  return code;
}

/** The named files, or what comes in, as text. */
async function input(call: Call, names: readonly string[]): Promise<string> {
  const chunks: Uint8Array[] = [];
  if (names.length === 0) for await (const chunk of call.stdin ?? []) chunks.push(chunk);
  else eachFile(call, 'cat', names, (bytes) => chunks.push(bytes));
  return Buffer.concat(chunks).toString('utf8');
}

async function lines(
  call: Call,
  program: string,
  choose: (all: readonly string[], count: number) => readonly string[],
): Promise<number> {
  const flag = call.args.findIndex((arg) => /^-(n|\d+)/.test(arg));
  const written = call.args[flag] ?? '';
  const count = Number(/\d+/.exec(written)?.[0] ?? call.args[flag + 1] ?? 10) || 10;
  const names = call.args.filter((arg, at) => !arg.startsWith('-') && !(written === '-n' && at === flag + 1));
  if (names.length > 0 && eachFile(call, program, names, () => undefined) !== 0) return 1;
  const all = (await input(call, names)).replace(/\n$/, '').split('\n');
  return print(call.stdout, choose(all, count));
}

function condition(call: Call, args: readonly string[]): number {
  const [first = '', second = '', third = ''] = args;
  const path = (name: string): string => call.files.resolve(call.cwd.path, name);
  const holds = (): boolean => {
    if (args.length === 3) {
      if (second === '=' || second === '==') return first === third;
      if (second === '!=') return first !== third;
      const order = Number(first) - Number(third);
      return (
        {
          '-eq': order === 0,
          '-ne': order !== 0,
          '-lt': order < 0,
          '-gt': order > 0,
          '-le': order <= 0,
          '-ge': order >= 0,
        }[second] ?? false
      );
    }
    if (first === '-f' || first === '-e' || first === '-s')
      return call.files.read(path(second)) !== undefined;
    if (first === '-d') return call.files.list(path(second)) !== undefined;
    if (first === '-z') return second === '';
    return first === '-n' ? second !== '' : first !== '';
  };
  return holds() ? 0 : 1;
}

/** A pod reaches itself, and nothing else: there is no network here. */
function fetchLocal(call: Call, refused: string, code: number): number {
  const target =
    call.args.find((arg) => /^(https?:\/\/)?[\w.-]+(:\d+)?(\/|$)/.test(arg) && !arg.startsWith('-')) ?? '';
  const host = target.replace(/^https?:\/\//, '').split(/[:/]/)[0] ?? '';
  const serves =
    (call.container.spec.ports ?? []).length > 0 || /nginx|httpd/.test(call.container.spec.image);
  if (!serves || !['localhost', '127.0.0.1', call.pod.ip].includes(host)) {
    call.stderr(refused);
    return code;
  }
  call.stdout(WELCOME);
  return 0;
}
