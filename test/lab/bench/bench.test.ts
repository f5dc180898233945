/** The benchmark's arithmetic and its two forms of output; never its times. */
import { expect, test } from 'vitest';
import { bench, groupText } from '../../../lab/bench/bench.ts';
import { GROUP_IDS } from '../../../lab/bench/groups.ts';
import { interleave, median } from '../../../lab/bench/measure.ts';

test('takes the middle of an odd number, and the mean of the two middle ones of an even', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBe(0);
});

test('runs every variant in every round and once to warm up, beginning with another each time', async () => {
  const calls: string[] = [];
  const variant = (name: string) => ({
    name,
    run: async (count: number) => {
      calls.push(`${name}${count}`);
    },
  });
  const rows = await interleave([variant('a'), variant('b')], { rounds: 2, count: 5 });
  expect(calls).toEqual(['a5', 'b5', 'b5', 'a5', 'a5', 'b5']);
  expect(rows.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(rows[0]).toMatchObject({ cpuRatio: 1, wallRatio: 1 });
});

test('says whether a bar was met', () => {
  const row = { cpuUs: 1000, wallUs: 20_000, wallRatio: 1 };
  const rows = [
    { name: 'bare', ...row, cpuRatio: 1 },
    { name: 'watched', ...row, cpuRatio: 1.2 },
  ];
  const group = { id: 'x', title: 'a handshake', by: 'cpu' as const, bar: 1.25, rows };
  expect(groupText(group)).toBe(
    [
      'a handshake  (x)',
      '  bare      1000 us CPU     20 ms wall',
      '  watched   1000 us CPU     20 ms wall  1.20x  bar 1.25: met',
      '',
    ].join('\n'),
  );
  expect(groupText({ ...group, bar: 1.1 })).toContain('bar 1.1: missed');
});

test('measures real code and prints JSON that holds the ratios', async () => {
  const printed: string[] = [];
  const code = await bench(['--json', '--rounds', '1', '--scale', '0.02', 'verify'], (text) =>
    printed.push(text),
  );
  expect(code).toBe(0);
  const report = JSON.parse(printed.join('\n')) as {
    rounds: number;
    groups: { id: string; rows: object[] }[];
  };
  expect(report.rounds).toBe(1);
  expect(report.groups.map(({ id }) => id)).toEqual(['verify']);
  expect(report.groups[0]?.rows).toHaveLength(2);
});

test.for([['nonsense'], ['--rounds', '0'], ['--scale', 'x']])(
  'refuses %s and says what there is',
  async (argv) => {
    const printed: string[] = [];
    expect(await bench(argv, (text) => printed.push(text))).toBe(2);
    for (const id of GROUP_IDS) expect(printed.join('\n')).toContain(id);
  },
);
