/**
 * The tour: six steps of one sentence and one action, each with a look whether it was done. Terminal and page show the
 * same steps; what they check is the lab itself, or an answer that only somebody who looked can give.
 */
import type { ChannelState } from './channel.ts';
import type { StatusReport } from './status.ts';

/** What a step looks at. */
export interface TourFacts {
  readonly report: StatusReport;
  /** The scheduler's certificate in pki/ is another one than when the tour began to break it. */
  readonly isSignedAnew: boolean;
}

/** Whether a step is done, and a sentence about it: what was learnt, or what is missing. */
export interface TourLook {
  readonly done: boolean;
  readonly says: string;
  /** Not done, but the cluster may come to it by itself in a few seconds. */
  readonly mayCome: boolean;
}

/** One step. */
export interface TourStep {
  readonly id: string;
  readonly title: string;
  readonly sentence: string;
  /** What to type, without `npx mtls-lab`; carried out in this order. */
  readonly commands: readonly string[];
  /** The certificate to issue with openssl, in a shell of one's own, before the commands. */
  readonly issueByHand?: string;
  /** Asked after the commands; without one the lab alone tells. */
  readonly question?: string;
  /** @param answer  to the question, as typed */
  readonly look: (facts: TourFacts, answer: string) => TourLook;
}

/** The connection that the tour breaks and mends. */
export const TOUR_CHANNEL = 'kube-scheduler->kube-apiserver';
/** The certificate that it breaks. */
export const TOUR_TARGET = 'scheduler';

export const TOUR: readonly TourStep[] = [
  {
    id: 'green',
    title: 'Look at green',
    sentence:
      "The programs of a cluster dial each other, and on every connection both ends show a certificate and check the other's: look at all of them.",
    commands: ['status'],
    look: ({ report }) => {
      const { channels, clientAuth } = report;
      const bad = channels.find(({ layer }) => layer !== 'ok');
      if (bad) return notYet(`${bad.client} and ${bad.server} do not accept each other; mend it first: fix`);
      if (clientAuth !== 'require') return notYet('the tour begins in strict mode: up --client-auth require');
      return done(
        `${channels.length} of ${channels.length}, each verified from both sides. That is mutual TLS.`,
      );
    },
  },
  {
    id: 'read',
    title: 'Read one certificate',
    sentence:
      "A certificate is a name tag that a CA has signed: read the scheduler's, and find the name under which kube-apiserver knows it.",
    commands: [`inspect ${TOUR_TARGET}`],
    question: 'Which user does kube-apiserver take it for?',
    look: ({ report }, answer) => {
      const name = schedulerOf(report)?.clientIdentity?.cn;
      if (name === undefined) return notYet('the scheduler shows no certificate now; mend it first: fix');
      return said(answer, name)
        ? done(`${name}: the user name is the CN, the groups are the O, and nothing else in it counts.`)
        : notYet('it stands in the Subject, after CN=');
    },
  },
  {
    id: 'break',
    title: 'Predict and break',
    sentence: "Every certificate ends: guess what stops when the scheduler's has ended, then let it end.",
    commands: [`break expired ${TOUR_TARGET}`],
    look: ({ report }) =>
      isRefused(schedulerOf(report))
        ? done(
            'kube-scheduler is refused. Pods that run go on; new ones stay Pending until it is let in again.',
          )
        : soon('kube-apiserver accepts the scheduler still'),
  },
  {
    id: 'who',
    title: 'Who refused, and who only thinks so?',
    sentence:
      'One handshake has two stories: look at both columns, and find the side that believed it was connected after the other had refused it.',
    commands: ['handshake scheduler apiserver'],
    question: 'Who believed CONNECTED, and was not?',
    look: ({ report }, answer) => {
      const state = schedulerOf(report);
      if (state?.layer !== 'tls' || state.by !== 'server')
        return notYet(`nobody refuses the scheduler in TLS now: break expired ${TOUR_TARGET}`);
      if (state.protocol === 'TLSv1.2')
        return done(
          'Nobody, in TLS 1.2: there the client waits for the server to finish, and hears the refusal.',
        );
      if (!said(answer, 'kube-scheduler') && !said(answer, 'scheduler'))
        return notYet('look for "believes CONNECTED", and who stands above it');
      return done(
        `kube-scheduler: in TLS 1.3 a client is done before the server has judged its certificate. So the reason stands in the server's log, and the client reads only "remote error".`,
      );
    },
  },
  {
    id: 'mend',
    title: 'Mend it with openssl',
    sentence:
      'A CA needs no tool of its own: make a key, a request and a signature with openssl, then copy them to the machine.',
    issueByHand: TOUR_TARGET,
    commands: ['certs distribute'],
    look: ({ report, isSignedAnew }) => {
      if (!isSignedAnew)
        return notYet('the certificate in pki/ is the old one: the openssl lines make a new one');
      if (schedulerOf(report)?.layer !== 'ok') return soon('kube-apiserver refuses the scheduler still');
      return done(
        'accepted again, and nothing was restarted: a client dials anew when its certificate changes.',
      );
    },
  },
  {
    id: 'modes',
    title: 'Strict versus as Kubernetes does',
    sentence:
      'A stock kube-apiserver lets everybody finish the handshake and refuses later: switch to that, let the certificate end once more, and look where it is refused now.',
    commands: ['up --client-auth request', `break expired ${TOUR_TARGET}`, 'handshake scheduler apiserver'],
    look: ({ report }) => {
      if (report.clientAuth !== 'request')
        return notYet('the mode is still strict: up --client-auth request');
      if (schedulerOf(report)?.layer !== '401')
        return soon(`kube-apiserver does not answer 401 yet: break expired ${TOUR_TARGET}`);
      return done(
        'the same certificate, no alert: HTTP 401, one layer higher. kube-apiserver and kubelet do so in every stock cluster; etcd refuses in TLS.',
      );
    },
  },
];

/** What puts the lab back as it was before the tour. */
export const TOUR_AFTER: readonly string[] = ['fix', 'up --client-auth require'];

function schedulerOf(report: StatusReport): ChannelState | undefined {
  return report.channels.find(({ id }) => id === TOUR_CHANNEL);
}

/** Refused in TLS, or with 401 where the lab does as Kubernetes does. */
function isRefused(state: ChannelState | undefined): boolean {
  return state?.layer === '401' || (state?.layer === 'tls' && state.by === 'server');
}

function said(answer: string, wanted: string): boolean {
  return (
    answer
      .trim()
      .replace(/^CN\s*=\s*/i, '')
      .toLowerCase() === wanted.toLowerCase()
  );
}

function done(says: string): TourLook {
  return { done: true, says, mayCome: false };
}

function notYet(says: string): TourLook {
  return { done: false, says, mayCome: false };
}

function soon(says: string): TourLook {
  return { done: false, says, mayCome: true };
}
