import { expect, test } from 'vitest';
import { alignTabs, DESCRIBE_STOPS, TABLE_STOPS } from '../../../components/kubectl/tab-writer.ts';

const cases = [
  {
    name: 'pads every column but the last to its widest cell plus three',
    text: 'NAME\tREADY\tAGE\nweb-1\t1/1\t5s',
    stops: TABLE_STOPS,
    wanted: 'NAME    READY   AGE\nweb-1   1/1     5s',
  },
  {
    name: 'gives a short column its least width',
    text: 'A\tB\tC',
    stops: TABLE_STOPS,
    wanted: 'A     B     C',
  },
  {
    name: 'begins a new column block after a line without that cell',
    text: 'Name:\tweb\nEvents:\n  Type\tReason\n  Normal\tScheduled',
    stops: DESCRIBE_STOPS,
    wanted: 'Name:  web\nEvents:\n  Type    Reason\n  Normal  Scheduled',
  },
  {
    name: 'keeps an empty first cell as wide as its column',
    text: 'Labels:\ta=b\n\tc=d',
    stops: DESCRIBE_STOPS,
    wanted: 'Labels:  a=b\n         c=d',
  },
] as const;

test.for(cases)('$name', ({ text, stops, wanted }) => {
  expect(alignTabs(text, stops)).toBe(wanted);
});
