/**
 * The simulated shell of a container: runs commands from a table, on built-in files, inside this process.
 * Nothing is ever spawned and no file of this computer is read.
 */
import { messageOf } from '../../certs/errors.ts';
import { type CommandContext, pause } from './call.ts';
import { COMMANDS } from './commands.ts';
import { type FileSystem, fileSystem } from './files.ts';
import { parseScript, type Script, type Word } from './shell-words.ts';

/** Exit codes of shells. */
const NOT_FOUND = 127;
const INTERRUPTED = 130;
const LOOP_PAUSE_MS = 20;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

class Leave extends Error {
  readonly code: number;
  constructor(code: number) {
    super('exit');
    this.code = code;
  }
}

interface Shell {
  readonly env: Map<string, string>;
  readonly files: FileSystem;
  readonly cwd: { path: string };
  status: number;
}

/**
 * Run a command.
 * @param words  the program and its arguments; `sh -c SCRIPT` runs a script
 * @returns      the exit code; 127 for a program that is not in the table, 130 when it was interrupted
 */
export async function runCommand(words: readonly string[], context: CommandContext): Promise<number> {
  const shell = openShell(context);
  return settle(() => runWords(words, context, shell), context);
}

/** Run a script in a shell that may live on (an interactive one). Returns null when the script said `exit`. */
export function openSession(context: CommandContext): {
  run(script: string, io?: Partial<CommandContext>): Promise<{ code: number; left: boolean }>;
  cwd(): string;
} {
  const shell = openShell(context);
  return {
    cwd: () => shell.cwd.path,
    run: async (script, io = {}) => {
      const here = { ...context, ...io };
      try {
        shell.status = await runText(script, here, shell);
        return { code: shell.status, left: false };
      } catch (error) {
        if (error instanceof Leave) return { code: error.code, left: true };
        if (here.signal.aborted) return { code: INTERRUPTED, left: false };
        throw error;
      }
    },
  };
}

function openShell(context: CommandContext): Shell {
  const { pod, container } = context;
  const env = new Map<string, string>([
    ['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    ['HOSTNAME', pod.pod.metadata.name],
    ['KUBERNETES_SERVICE_HOST', '10.96.0.1'],
    ['KUBERNETES_SERVICE_PORT', '443'],
    ['KUBERNETES_PORT', 'tcp://10.96.0.1:443'],
    ...(container.spec.env ?? []).map(({ name, value }): [string, string] => [name, value ?? '']),
    ['HOME', '/root'],
  ]);
  return { env, files: fileSystem(pod, container), cwd: { path: '/' }, status: 0 };
}

async function settle(work: () => Promise<number>, context: CommandContext): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Leave) return error.code;
    if (context.signal.aborted) return INTERRUPTED;
    context.stderr(`sh: ${messageOf(error)}\n`);
    return 2;
  }
}

async function runWords(words: readonly string[], context: CommandContext, shell: Shell): Promise<number> {
  const [path = '', ...args] = words;
  if (path === '') return 0;
  const name = path.startsWith('/') ? (path.split('/').at(-1) ?? '') : path;
  if (name === 'sh' || name === 'bash' || name === 'ash') return runShell(name, args, context, shell);
  const command = COMMANDS[name];
  if (!command) {
    context.stderr(`sh: ${path}: not found\n`);
    return NOT_FOUND;
  }
  const leave = (code: number): never => {
    throw new Leave(code);
  };
  return command({ ...context, args, env: shell.env, files: shell.files, cwd: shell.cwd, leave });
}

async function runShell(
  name: string,
  args: readonly string[],
  context: CommandContext,
  shell: Shell,
): Promise<number> {
  const inner: Shell = { ...shell, env: new Map(shell.env), cwd: { ...shell.cwd } };
  const at = args.findIndex((arg) => /^-[a-z]*c$/.test(arg));
  if (at >= 0) {
    const script = args[at + 1];
    if (script === undefined) {
      context.stderr(`${name}: option requires an argument -- c\n`);
      return 2;
    }
    return settle(() => runText(script, context, inner), context);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of context.stdin ?? []) chunks.push(chunk);
  return settle(
    () => runText(Buffer.concat(chunks).toString('utf8'), { ...context, stdin: null }, inner),
    context,
  );
}

async function runText(text: string, context: CommandContext, shell: Shell): Promise<number> {
  let script: Script;
  try {
    script = parseScript(text);
  } catch (error) {
    context.stderr(`sh: ${messageOf(error)}\n`);
    return 2;
  }
  return runScript(script, context, shell);
}

async function runScript(script: Script, context: CommandContext, shell: Shell): Promise<number> {
  context.signal.throwIfAborted();
  switch (script.kind) {
    case 'list': {
      for (const { join, script: item } of script.items) {
        if (join === '&&' && shell.status !== 0) continue;
        if (join === '||' && shell.status === 0) continue;
        shell.status = await runScript(item, context, shell);
      }
      return script.items.length === 0 ? 0 : shell.status;
    }
    case 'pipe':
      return runPipe(script.stages, context, shell);
    case 'if': {
      const holds = (await runScript(script.test, context, shell)) === 0;
      const chosen = holds ? script.then : script.otherwise;
      return chosen ? runScript(chosen, context, shell) : 0;
    }
    case 'while': {
      let code = 0;
      while (((await runScript(script.test, context, shell)) === 0) !== script.until) {
        code = await runScript(script.body, context, shell);
        await pause(LOOP_PAUSE_MS, context.signal);
      }
      return code;
    }
    case 'for': {
      let code = 0;
      for (const value of await expandAll(script.words, context, shell)) {
        shell.env.set(script.name, value);
        code = await runScript(script.body, context, shell);
      }
      return code;
    }
    case 'simple':
      return runSimple(script, context, shell);
  }
}

/** Stages run one after the other; each reads what the one before has written. */
async function runPipe(stages: readonly Script[], context: CommandContext, shell: Shell): Promise<number> {
  let stdin = context.stdin;
  let code = 0;
  for (const [index, stage] of stages.entries()) {
    const last = index === stages.length - 1;
    const output = collector();
    code = await runScript(
      stage,
      { ...context, stdin, ...(last ? {} : { stdout: output.add }) },
      {
        ...shell,
        env: new Map(shell.env),
        cwd: { ...shell.cwd },
      },
    );
    stdin = one(output.bytes());
  }
  return code;
}

async function runSimple(
  script: Extract<Script, { kind: 'simple' }>,
  context: CommandContext,
  shell: Shell,
): Promise<number> {
  const words = await expandAll(script.words, context, shell);
  const assignment = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(words[0] ?? '');
  if (assignment && words.length === 1) {
    shell.env.set(assignment[1] ?? '', assignment[2] ?? '');
    return 0;
  }
  let io = context;
  const writes: (() => void)[] = [];
  for (const { operator, target } of script.redirects) {
    if (operator === '2>&1') {
      io = { ...io, stderr: io.stdout };
      continue;
    }
    const path = shell.files.resolve(shell.cwd.path, (await expandAll([target], context, shell))[0] ?? '');
    if (operator === '<') {
      const bytes = shell.files.read(path);
      if (!bytes) {
        context.stderr(`sh: can't open ${path}: no such file\n`);
        return 1;
      }
      io = { ...io, stdin: one(bytes) };
      continue;
    }
    const device = { '/dev/stdout': io.stdout, '/dev/stderr': io.stderr }[path];
    if (device) {
      io = operator.startsWith('2') ? { ...io, stderr: device } : { ...io, stdout: device };
      continue;
    }
    const output = collector();
    io = operator.startsWith('2') ? { ...io, stderr: output.add } : { ...io, stdout: output.add };
    writes.push(() => {
      const before = operator.endsWith('>>')
        ? (shell.files.read(path) ?? new Uint8Array())
        : new Uint8Array();
      if (path !== '/dev/null') shell.files.write(path, Buffer.concat([before, output.bytes()]));
    });
  }
  try {
    return await runWords(words, io, shell);
  } finally {
    for (const write of writes) write();
  }
}

async function expandAll(words: readonly Word[], context: CommandContext, shell: Shell): Promise<string[]> {
  const result: string[] = [];
  for (const word of words) {
    let fields = [''];
    let present = false;
    for (const part of word) {
      const value = part.kind === 'text' ? part.text : await expand(part, context, shell);
      if (part.kind === 'text' || !part.split) {
        fields = [...fields.slice(0, -1), (fields.at(-1) ?? '') + value];
        present = true;
        continue;
      }
      const [first = '', ...rest] = value.trim().split(/\s+/);
      fields = [...fields.slice(0, -1), (fields.at(-1) ?? '') + first, ...rest];
      present ||= value.trim() !== '';
    }
    if (present) result.push(...fields);
  }
  return result;
}

async function expand(
  part: Exclude<Word[number], { kind: 'text' }>,
  context: CommandContext,
  shell: Shell,
): Promise<string> {
  if (part.kind === 'variable') {
    return part.name === '?' ? String(shell.status) : (shell.env.get(part.name) ?? '');
  }
  const output = collector();
  await runText(part.script, { ...context, stdout: output.add }, { ...shell, env: new Map(shell.env) });
  return Buffer.from(output.bytes()).toString('utf8').replace(/\n+$/, '');
}

/** Gathers output, up to a bound. */
function collector(): { add: (data: string | Uint8Array) => void; bytes: () => Uint8Array } {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    add: (data) => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      size += bytes.length;
      if (size > MAX_OUTPUT_BYTES) throw new Error('write error: No space left on device');
      chunks.push(bytes);
    },
    bytes: () => Buffer.concat(chunks),
  };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
