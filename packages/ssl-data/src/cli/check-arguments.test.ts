import type { ArgsDef } from 'citty';
import { expect, it } from 'vitest';
import { checkArguments } from './check-arguments.js';

const args: ArgsDef = {
  source: { type: 'positional' },
  out: { type: 'positional' },
  to: { type: 'string' },
  check: { type: 'string', valueHint: '[n]' },
  quiet: { type: 'boolean', alias: 'q' },
};
const check = (...argv: string[]): string[] => checkArguments('app', args, argv);

it('accepts what is defined, in every spelling', () => {
  expect(check('a', 'b', '--to', 'x', '-q')).toEqual(['--to=x', '--quiet', '--', 'a', 'b']);
  expect(check('--to=x', 'a', '--', '-b')).toEqual(['--to=x', '--', 'a', '-b']);
  expect(check('a', 'b', '--to', '-3')).toEqual(['--to=-3', '--', 'a', 'b']);
});

it('takes a number after an option that may go without', () => {
  expect(check('--check', 'a', 'b')).toEqual(['--check=', '--', 'a', 'b']);
  expect(check('a', '--check', '20', 'b')).toEqual(['--check=20', '--', 'a', 'b']);
  expect(check('a', 'b', '--check=x')).toEqual(['--check=x', '--', 'a', 'b']);
  expect(check('a', 'b', '--check')).toEqual(['--check=', '--', 'a', 'b']);
});

it.each([
  [['a', 'b', '--tu', 'x'], "app: an option must be one of --to, --check, --quiet, got '--tu'"],
  [['a', 'b', '--no-quiet'], "app: an option must be one of --to, --check, --quiet, got '--no-quiet'"],
  [['a', 'b', '-x'], "app: an option must be one of --to, --check, --quiet, got '-x'"],
  [['a', 'b', '--to'], "app: --to must be followed by a value, got 'nothing'"],
  [['a', 'b', '--to', '--quiet'], "app: --to must be followed by a value, got '--quiet'"],
  [['a', 'b', '--quiet=no'], "app: --quiet must be without a value, got 'no'"],
  [['a'], "app: <out> must be given, got 'nothing'"],
  [['a', 'b', 'c'], "app: arguments must be at most 2, got 'a b c'"],
])('refuses %j', (argv, message) => {
  expect(() => check(...argv)).toThrow(message);
});
