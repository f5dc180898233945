/**
 * The simulated shell's grammar: words, quotes, variables, pipes, lists, branches and two loops. Pure.
 */

/** A piece of a word. `split`: an unquoted expansion, which falls apart at blanks. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string; readonly split: boolean }
  | { readonly kind: 'command'; readonly script: string; readonly split: boolean };

export type Word = readonly Part[];

export interface Redirect {
  readonly operator: '>' | '>>' | '<' | '2>' | '2>>' | '2>&1';
  readonly target: Word;
}

/** A node of the script. */
export type Script =
  | { readonly kind: 'simple'; readonly words: readonly Word[]; readonly redirects: readonly Redirect[] }
  | { readonly kind: 'pipe'; readonly stages: readonly Script[] }
  | {
      readonly kind: 'list';
      readonly items: readonly { readonly join: ';' | '&&' | '||'; readonly script: Script }[];
    }
  | { readonly kind: 'if'; readonly test: Script; readonly then: Script; readonly otherwise: Script | null }
  | { readonly kind: 'while'; readonly until: boolean; readonly test: Script; readonly body: Script }
  | { readonly kind: 'for'; readonly name: string; readonly words: readonly Word[]; readonly body: Script };

type Token = { readonly operator: string } | { readonly word: Word };

/** Words that cannot begin a command. */
const RESERVED: readonly string[] = ['do', 'done', 'then', 'elif', 'else', 'fi', 'case', 'esac'];

const OPERATORS = ['2>&1', '2>>', '2>', '&&', '||', '>>', ';', '\n', '|', '>', '<', '&', '(', ')'] as const;

/**
 * Parse a script.
 * @throws Error with a shell's words: `syntax error: unexpected "done"`
 */
export function parseScript(text: string): Script {
  const tokens = readTokens(text);
  let at = 0;

  const operator = (): string | undefined => {
    const token = tokens[at];
    return token && 'operator' in token ? token.operator : undefined;
  };
  const keyword = (): string | undefined => {
    const token = tokens[at];
    if (!token || 'operator' in token) return undefined;
    const [part, ...rest] = token.word;
    return part?.kind === 'text' && rest.length === 0 ? part.text : undefined;
  };
  const expect = (word: string): void => {
    if (keyword() !== word)
      throw new Error(`syntax error: unexpected ${describe(tokens[at])} (expecting "${word}")`);
    at += 1;
  };
  const skipBreaks = (): void => {
    while (operator() === ';' || operator() === '\n' || operator() === '&') at += 1;
  };

  const list = (ends: readonly string[]): Script => {
    const items: { join: ';' | '&&' | '||'; script: Script }[] = [];
    let join: ';' | '&&' | '||' = ';';
    skipBreaks();
    while (at < tokens.length && !ends.includes(keyword() ?? '')) {
      items.push({ join, script: pipeline() });
      const next = operator();
      if (next === '&&' || next === '||') {
        join = next;
        at += 1;
        while (operator() === '\n') at += 1;
      } else {
        join = ';';
        if (at < tokens.length && next === undefined && !ends.includes(keyword() ?? '')) {
          throw new Error(`syntax error: unexpected ${describe(tokens[at])}`);
        }
        if (next === '(' || next === ')') throw new Error(`syntax error: unexpected "${next}"`);
        skipBreaks();
      }
    }
    return { kind: 'list', items };
  };

  const pipeline = (): Script => {
    const stages = [command()];
    while (operator() === '|') {
      at += 1;
      stages.push(command());
    }
    return stages.length === 1 && stages[0] ? stages[0] : { kind: 'pipe', stages };
  };

  const command = (): Script => {
    const first = keyword();
    if (first === 'while' || first === 'until') {
      at += 1;
      const test = list(['do']);
      return { kind: 'while', until: first === 'until', test, body: block() };
    }
    if (first === 'if') {
      at += 1;
      return branch();
    }
    if (first === 'for') {
      at += 1;
      const name = keyword() ?? '';
      at += 1;
      expect('in');
      const words: Word[] = [];
      for (let token = tokens[at]; token && 'word' in token; token = tokens[at]) {
        words.push(token.word);
        at += 1;
      }
      skipBreaks();
      return { kind: 'for', name, words, body: block() };
    }
    return simple();
  };

  /** Behind `if` or `elif`. */
  const branch = (): Script => {
    const test = list(['then']);
    expect('then');
    const then = list(['elif', 'else', 'fi']);
    let otherwise: Script | null = null;
    if (keyword() === 'elif') {
      at += 1;
      return { kind: 'if', test, then, otherwise: branch() };
    }
    if (keyword() === 'else') {
      at += 1;
      otherwise = list(['fi']);
    }
    expect('fi');
    return { kind: 'if', test, then, otherwise };
  };

  const block = (): Script => {
    expect('do');
    const body = list(['done']);
    expect('done');
    return body;
  };

  const simple = (): Script => {
    if (RESERVED.includes(keyword() ?? ''))
      throw new Error(`syntax error: unexpected ${describe(tokens[at])}`);
    const words: Word[] = [];
    const redirects: Redirect[] = [];
    for (let token = tokens[at]; token; token = tokens[at]) {
      if ('word' in token) {
        words.push(token.word);
        at += 1;
        continue;
      }
      const { operator: name } = token;
      if (name !== '>' && name !== '>>' && name !== '<' && name !== '2>' && name !== '2>>' && name !== '2>&1')
        break;
      at += 1;
      if (name === '2>&1') {
        redirects.push({ operator: name, target: [] });
        continue;
      }
      const target = tokens[at];
      if (!target || !('word' in target)) throw new Error('syntax error: unexpected redirection');
      at += 1;
      redirects.push({ operator: name, target: target.word });
    }
    if (words.length === 0 && redirects.length === 0) {
      throw new Error(`syntax error: unexpected ${describe(tokens[at])}`);
    }
    return { kind: 'simple', words, redirects };
  };

  const script = list([]);
  if (at < tokens.length) throw new Error(`syntax error: unexpected ${describe(tokens[at])}`);
  return script;
}

function describe(token: Token | undefined): string {
  if (!token) return 'end of file';
  if ('operator' in token) return token.operator === '\n' ? 'newline' : `"${token.operator}"`;
  const text = token.word.map((part) => (part.kind === 'text' ? part.text : '$')).join('');
  return `"${text}"`;
}

function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let word: Part[] | undefined;
  let at = 0;

  const add = (part: Part): void => {
    word ??= [];
    const last = word.at(-1);
    if (part.kind === 'text' && last?.kind === 'text') {
      word[word.length - 1] = { kind: 'text', text: last.text + part.text };
    } else word.push(part);
  };
  const endWord = (): void => {
    if (word) tokens.push({ word });
    word = undefined;
  };
  /** At a `$`: a variable, a command, or the sign itself. */
  const expansion = (split: boolean): void => {
    const rest = text.slice(at);
    const match = /^\$(?:\{(\w+)\}|([A-Za-z_]\w*|[?$#0-9]))/.exec(rest);
    if (rest.startsWith('$(')) {
      const end = closing(text, at + 1);
      add({ kind: 'command', script: text.slice(at + 2, end), split });
      at = end + 1;
    } else if (match) {
      add({ kind: 'variable', name: match[1] ?? match[2] ?? '', split });
      at += match[0].length;
    } else {
      add({ kind: 'text', text: '$' });
      at += 1;
    }
  };

  while (at < text.length) {
    const sign = text[at] ?? '';
    const operator = OPERATORS.find((one) => text.startsWith(one, at) && (one[0] !== '2' || !word));
    if (sign === ' ' || sign === '\t' || sign === '\r') {
      endWord();
      at += 1;
    } else if (sign === '#' && !word) {
      while (at < text.length && text[at] !== '\n') at += 1;
    } else if (operator) {
      endWord();
      tokens.push({ operator });
      at += operator.length;
    } else if (sign === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) throw new Error('syntax error: unterminated quoted string');
      add({ kind: 'text', text: text.slice(at + 1, end) });
      at = end + 1;
    } else if (sign === '"') {
      at += 1;
      add({ kind: 'text', text: '' });
      while (text[at] !== '"') {
        if (at >= text.length) throw new Error('syntax error: unterminated quoted string');
        if (text[at] === '$') expansion(false);
        else {
          const escaped = text[at] === '\\' && '"\\$`'.includes(text[at + 1] ?? ' ');
          add({ kind: 'text', text: text[escaped ? at + 1 : at] ?? '' });
          at += escaped ? 2 : 1;
        }
      }
      at += 1;
    } else if (sign === '$') {
      expansion(true);
    } else if (sign === '\\') {
      if (text[at + 1] !== '\n') add({ kind: 'text', text: text[at + 1] ?? '' });
      at += 2;
    } else {
      add({ kind: 'text', text: sign });
      at += 1;
    }
  }
  endWord();
  return tokens;
}

/** The parenthesis that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error('syntax error: unterminated command substitution');
}
