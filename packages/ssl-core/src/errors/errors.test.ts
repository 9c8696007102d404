import { describe, expect, it } from 'vitest';
import { CheckpointError } from './checkpoint-error.js';
import { DataError } from './data-error.js';
import { InvalidOptionError } from './invalid-option-error.js';
import { ShapeError } from './shape-error.js';
import { SslError } from './ssl-error.js';
import { UnsupportedOpError } from './unsupported-op-error.js';

const cause = new TypeError('inner');
const examples: readonly (readonly [typeof SslError, SslError, string, RegExp])[] = [
  [
    ShapeError as never,
    new ShapeError('ntXent', 'b', '[8, 4]', '[8, 5]'),
    'SSL_SHAPE',
    /ntXent.*b.*\[8, 4\].*\[8, 5\]/,
  ],
  [
    InvalidOptionError as never,
    new InvalidOptionError('dropout', 'rate', 'in [0, 1)', 2),
    'SSL_INVALID_OPTION',
    /dropout: rate must be in \[0, 1\), got 2/,
  ],
  [
    DataError as never,
    new DataError('is truncated', { path: 'a.idx', offset: 4, cause }),
    'SSL_DATA',
    /a\.idx: is truncated/,
  ],
  [
    CheckpointError as never,
    new CheckpointError('has another shape', { path: 'c.safetensors', parameter: 'w', cause }),
    'SSL_CHECKPOINT',
    /has another shape/,
  ],
  [
    UnsupportedOpError as never,
    new UnsupportedOpError('Unique', 'cannot be compiled', 'Compute it outside', 'a.ts:1:2'),
    'SSL_UNSUPPORTED_OP',
    /Unique cannot be compiled \(called at a\.ts:1:2\)\. Compute it outside/,
  ],
];

describe.each(examples)('%o', (type, error, code, message) => {
  it('has its name, code and message', () => {
    expect(error.name).toBe(type.name);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('is recognised as its class and the base, and as no other', () => {
    expect(type.isInstance(error)).toBe(true);
    expect(SslError.isInstance(error)).toBe(true);
    expect(examples.filter(([other]) => other.isInstance(error)).map(([other]) => other)).toEqual([type]);
  });

  it('is recognised when it comes from another copy of the package', () => {
    const foreign = Object.assign(new Error(error.message), { [Symbol.for('ssl.error')]: true, code: error.code });
    expect(type.isInstance(foreign)).toBe(true);
    expect(examples.filter(([other]) => other.isInstance(foreign)).map(([other]) => other)).toEqual([type]);
  });
});

it('keeps fields and causes', () => {
  expect(examples[2]![1]).toMatchObject({ path: 'a.idx', offset: 4, cause });
  expect(examples[3]![1]).toMatchObject({ path: 'c.safetensors', parameter: 'w', cause });
  expect(examples[0]![1]).toMatchObject({ parameter: 'b', expected: '[8, 4]', actual: '[8, 5]' });
});

it.each([new Error('plain'), { code: 'SSL_DATA' }, null, 'text'])('%s is none of ours', (value) => {
  expect(SslError.isInstance(value)).toBe(false);
  expect(DataError.isInstance(value)).toBe(false);
});

it('keeps what a terminal obeys out of messages, and the path as it is', () => {
  const error = new DataError("class '\x1b[2Jcat\u202e' is none\n\tsecond line", { path: 'a\x07\nb.png' });
  expect(error.message).toBe("a\\x07\\x0ab.png: class '\\x1b[2Jcat\\u{202e}' is none\n\tsecond line");
  expect(error.path).toBe('a\x07\nb.png');
  expect(new InvalidOptionError('f', 'kind', 'a name', '\x1b]0;x\x07').message).toContain("'\\x1b]0;x\\x07'");
});
