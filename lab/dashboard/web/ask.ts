/** Questions and orders to the server, and the hook by which a view keeps an answer up to date. */
import { useEffect, useState } from 'preact/hooks';
import { update } from './store.ts';

/** GET or POST, JSON both ways. @throws Error with the server's own words */
export async function ask<Answer>(route: string, body?: unknown): Promise<Answer> {
  const [method = 'GET', path = '/'] = route.split(' ');
  const response = await fetch(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(words(text));
  return JSON.parse(text) as Answer;
}

function words(text: string): string {
  try {
    const { what, fix } = JSON.parse(text) as { what?: string; fix?: string };
    return what === undefined ? text : `${what}${fix ? `. ${fix}` : ''}`;
  } catch {
    return text;
  }
}

/** What a view asked for: the answer, or why there is none. */
export interface Asked<Answer> {
  readonly answer: Answer | null;
  readonly problem: string | null;
}

/**
 * Ask again whenever `revision` rises or the route changes. The last answer stays until the next one is there.
 * @param route  `GET /certificates`; empty asks nothing
 */
export function useAnswer<Answer>(route: string, revision: number): Asked<Answer> {
  const [asked, setAsked] = useState<Asked<Answer> & { readonly of: string }>({
    answer: null,
    problem: null,
    of: '',
  });
  useEffect(() => {
    let left = false;
    if (route === '') return undefined;
    ask<Answer>(route)
      .then((answer) => left || setAsked({ answer, problem: null, of: route }))
      .catch(
        (error: unknown) =>
          left || setAsked((before) => ({ ...before, problem: String((error as Error).message), of: route })),
      );
    return () => {
      left = true;
    };
  }, [route, revision]);
  return asked.of === route ? asked : { answer: null, problem: null };
}

/** Do something on the server; the strip below says that it was done, and the command that does the same. */
export async function act<Answer>(order: {
  readonly route: string;
  readonly body: unknown;
  readonly text: string;
  readonly command: string;
}): Promise<Answer | null> {
  const { route, body, text, command } = order;
  try {
    const answer = await ask<Answer>(route, body);
    update({ done: { text, command, failed: false } });
    return answer;
  } catch (error) {
    update({ done: { text: String((error as Error).message), command, failed: true } });
    return null;
  }
}
