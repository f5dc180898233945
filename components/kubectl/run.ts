/**
 * The mock kubectl: for those without the real one, and for the lab's own look at the cluster.
 */
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { isLabError, messageOf } from '../../certs/errors.ts';
import { KubeconfigError } from '../../certs/kubeconfig-file.ts';
import { createApiClient } from '../api/client.ts';
import { checkCredentials } from '../api/credential-files.ts';
import { type Credentials, readCredentials } from '../api/credentials.ts';
import type { Settings } from '../component.ts';
import type { Host } from '../host.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { apply, create, remove, run, scale, setImage } from './change.ts';
import { describe } from './describe.ts';
import { discoveryError, ExitCode, failureText } from './failure.ts';
import { get } from './get.ts';
import { apiResources, auth, certificate, config, rollout, version } from './inform.ts';
import type { Session } from './session.ts';
import { exec, logs } from './streams.ts';

/** Where kubectl runs. */
export interface KubectlOptions {
  /** The laptop. */
  readonly host: Host;
  readonly settings: Settings;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Null: nothing to read. */
  readonly stdin?: Readable | null;
  /** Ends watches and followed logs. */
  readonly signal?: AbortSignal;
  /** Path inside the host; default `/.kube/config`. */
  readonly kubeconfig?: string;
  /** Read a file of `-f`; default: a path of this computer. */
  readonly readFile?: (path: string) => string;
}

interface Command {
  readonly help: string;
  /** Asks the API server what it is before anything else, as the real one's discovery does. */
  readonly discovers: boolean;
  readonly run: (session: Session) => Promise<void> | void;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  get: { help: 'Display one or many resources', discovers: true, run: get },
  describe: {
    help: 'Show details of a specific resource or group of resources',
    discovers: true,
    run: describe,
  },
  create: { help: 'Create a resource from a file or from stdin', discovers: true, run: create },
  apply: { help: 'Apply a configuration to a resource by file name or stdin', discovers: true, run: apply },
  delete: {
    help: 'Delete resources by file names, stdin, resources and names, or by label selector',
    discovers: true,
    run: remove,
  },
  run: { help: 'Run a particular image on the cluster', discovers: true, run },
  scale: { help: 'Set a new size for a deployment or replica set', discovers: true, run: scale },
  set: { help: 'set image: update the image of a pod template', discovers: true, run: setImage },
  rollout: { help: 'rollout status, rollout restart', discovers: true, run: rollout },
  logs: { help: 'Print the logs for a container in a pod', discovers: true, run: logs },
  exec: { help: 'Execute a command in a container (simulated)', discovers: true, run: exec },
  auth: { help: 'auth whoami, auth can-i', discovers: true, run: auth },
  certificate: { help: 'certificate approve, certificate deny', discovers: true, run: certificate },
  config: { help: 'config view, config current-context, config get-contexts', discovers: false, run: config },
  version: { help: 'Print the client and server version information', discovers: false, run: version },
  'api-resources': {
    help: 'Print the supported API resources on the server',
    discovers: true,
    run: apiResources,
  },
};

/**
 * Run a kubectl command line.
 * @param argv  without the program's name
 * @returns     the exit code: 0, 1 for a failure, that of the command for exec
 */
export async function runKubectl(argv: readonly string[], options: KubectlOptions): Promise<number> {
  const fail = (text: string, code = 1): number => {
    if (text !== '') options.stderr.write(`${text}\n`);
    return code;
  };
  let args: Arguments;
  try {
    args = parseArguments(argv);
  } catch (error) {
    return fail(isLabError(error) ? `error: ${error.what}\n${error.fix}` : `error: ${messageOf(error)}`);
  }
  const [name] = args.words;
  if (name === undefined || name === 'help' || args.on('help')) {
    options.stdout.write(helpText());
    return 0;
  }
  const command = COMMANDS[name];
  if (!command) return fail(`error: unknown command "${name}" for "kubectl"`);
  const path = args.text('kubeconfig') ?? options.kubeconfig ?? '/.kube/config';
  let credentials: Credentials;
  try {
    credentials = readCredentials(options.host, path, { context: args.text('context') });
    if (name !== 'config') checkCredentials(options.host, credentials);
  } catch (error) {
    return fail(configurationText(error));
  }
  const session = openSession(options, args, credentials, path);
  try {
    if (command.discovers && !args.text('raw')) await discover(session);
    await command.run(session);
    return 0;
  } catch (error) {
    if (error instanceof ExitCode) return fail(error.message, error.code);
    return fail(failureText(error, credentials.server));
  } finally {
    await session.client.close();
  }
}

function openSession(
  options: KubectlOptions,
  args: Arguments,
  credentials: Credentials,
  kubeconfig: string,
): Session {
  const { host, settings, stdout, stderr } = options;
  const context = args.text('context');
  const client = createApiClient({
    host,
    component: 'kubectl',
    kubeconfig,
    settings,
    roundMs: Number.POSITIVE_INFINITY,
    log: () => undefined,
    ...(context === undefined ? {} : { context }),
  });
  return {
    host,
    settings,
    client,
    credentials,
    args,
    namespace: args.text('namespace') ?? credentials.namespace,
    stdin: options.stdin ?? null,
    stdout,
    stderr,
    signal: options.signal ?? new AbortController().signal,
    say: (line) => {
      stdout.write(`${line}\n`);
    },
    readFile: options.readFile ?? ((file) => readFileSync(file, 'utf8')),
  };
}

/** One look at the API's groups: a broken connection shows here, with discovery's words. */
async function discover({ client }: Session): Promise<void> {
  try {
    await client.request('GET', '/api', undefined, { query: { timeout: '32s' } });
  } catch (error) {
    throw discoveryError(error);
  }
}

/** A context that is not there has words of its own; everything else is `error: …`. */
function configurationText(error: unknown): string {
  return error instanceof KubeconfigError ? error.kubectlText : `error: ${messageOf(error)}`;
}

function helpText(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length)) + 3;
  const rows = Object.entries(COMMANDS).map(([name, { help }]) => `  ${name.padEnd(width)}${help}`);
  return [
    "mTLS Lab's mock kubectl. It speaks to the lab's API server as the laptop does, with hosts/laptop/.kube/config.",
    '',
    'Commands:',
    ...rows,
    '',
    'Usage:  kubectl [command] [TYPE] [NAME] [flags]',
    '',
  ].join('\n');
}
