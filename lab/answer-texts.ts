/**
 * What the real programs print when TLS is fine and the server then answers with an error: 401, 403, 5xx.
 *
 * @see k8s.io/kubectl pkg/cmd/util/helpers.go; client-go tools/cache/reflector.go; Kubernetes pkg/kubelet/
 *      kubelet_node_status.go and pkg/kubelet/server/server.go; apiserver pkg/endpoints/filters/authentication.go
 */
import type { Trace } from '../components/tls/trace.ts';
import type { Channel } from './topology.ts';

/** What each side prints; null: nothing. */
export interface AnswerTexts {
  readonly client: string | null;
  readonly server: string | null;
}

/** First objects that each client lists. @see components/tls/real-texts.ts, CLIENT_LINES */
const LISTS: Readonly<Record<string, string>> = {
  'kube-scheduler': '*v1.Pod',
  'kube-controller-manager': '*v1.Node',
  'kube-proxy': '*v1.Service',
};

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

/** Said by kubectl for 401: discovery meets it first and has no Status to read. */
const CREDENTIALS = 'the server has asked for the client to provide credentials';

/** The texts about an answered connection; both null when it was answered well, or not at all. */
export function answerTexts({ client, server }: Channel, { http, server: side }: Trace): AnswerTexts {
  if (http === null || http.status < 400) return { client: null, server: null };
  const { status } = http;
  const message = status === 401 ? 'Unauthorized' : spoken(http.message);
  const program = server.split('@')[0];
  const about = side?.verdictText ?? null;
  const refused =
    program === 'kubelet'
      ? `"Unable to authenticate the request due to an error" err=${JSON.stringify(about)}`
      : `"Unable to authenticate the request" err=${JSON.stringify(about)}`;
  return {
    client: clientText(client, program ?? server, status, message),
    server: status === 401 && about !== null ? refused : null,
  };
}

/** A Status message as it is; the first line of another body as client-go quotes it. */
function spoken(message: string): string {
  return message === '' || message.startsWith('[')
    ? `an error on the server (${JSON.stringify(message || 'unknown')}) has prevented the request from succeeding`
    : message;
}

function clientText(client: string, server: string, status: number, message: string): string {
  const [program = '', host] = client.split('@');
  const type = LISTS[program];
  if (type !== undefined) {
    const err = `failed to list ${type}: ${message}`;
    return `"Failed to watch" err=${JSON.stringify(err)} logger="UnhandledError" reflector="k8s.io/client-go/informers/factory.go:160" type=${JSON.stringify(type)}`;
  }
  if (program === 'kubelet') {
    return `"Unable to register node with API server" err=${JSON.stringify(message)} node=${JSON.stringify(host)}`;
  }
  // The API server's own calls to kubelets are told to whoever asked for logs.
  if (status === 401) {
    return `error: You must be logged in to the server (${CREDENTIALS}${server === 'kubelet' ? ' ( pods/log POD)' : ''})`;
  }
  const reason = REASONS[status];
  return `Error from server${reason === undefined ? '' : ` (${reason})`}: ${message}`;
}
