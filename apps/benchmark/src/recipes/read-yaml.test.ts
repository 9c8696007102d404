import { DataError } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { readYaml } from './read-yaml.js';

const read = (text: string | Uint8Array): unknown =>
  readYaml(typeof text === 'string' ? Buffer.from(text) : text, 'a.yaml');

/** Message of the DataError, or `accepted`; with the time where it took more than a second of processor time. */
function refusal(text: string | Uint8Array): string {
  const before = process.cpuUsage();
  let outcome = 'accepted';
  try {
    read(text);
  } catch (error) {
    if (!DataError.isInstance(error)) throw error;
    outcome = error.message;
  }
  const { user, system } = process.cpuUsage(before);
  return user + system < 1e6 ? outcome : `slow: ${(user + system) / 1e6} s`;
}
const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');

it('reads plain data, with aliases that repeat a value', () => {
  expect(read('a: &x { b: [1, 2.5, yes, true, ~] }\nc: *x\n1: d\n')).toEqual({
    a: { b: [1, 2.5, 'yes', true, null] },
    c: { b: [1, 2.5, 'yes', true, null] },
    1: 'd',
  });
  expect(read('\uFEFFa: ü')).toEqual({ a: 'ü' });
  expect(read('')).toBeNull();
  expect(read(lines(1900, (index) => `key${index}: ${index}`))).toMatchObject({ key1899: 1899 });
});

it.each([
  ['60,000 keys', lines(60_000, (index) => `key${index}: ${index}`), /has \d+ bytes, a recipe at most 65536/],
  ['20,000 short keys', lines(6_000, (index) => `k${index}: 1`), /more than 2000 keys and entries/],
  [
    '2,100 keys in one line',
    `{${lines(2100, (index) => `k${index}: 1,`).replaceAll('\n', '')}}`,
    /more than 2000 keys/,
  ],
  ['a long list', `a: [${'1,'.repeat(30_000)}1]`, /more than 2000 keys and entries/],
  ['a tower of lists', '['.repeat(60_000), /more than (2000 keys|16 levels)/],
  ['a closed tower', `${'['.repeat(500)}${']'.repeat(500)}`, /more than 16 levels/],
  ['a tower of maps', lines(300, (index) => `${' '.repeat(index)}a:`), /more than 16 levels/],
  ['a tower of dashes', '- '.repeat(600), /more than 16 levels/],
  ['explicit keys', '? '.repeat(600), /more than 16 levels/],
  ['empty lines', '\n'.repeat(65_000), /accepted/],
  ['a value in itself', 'a: &x\n  b: *x\n', /alias \(\*name\) inside the value/],
  ['a list in itself', '&x [1, [*x]]', /alias \(\*name\) inside the value/],
  [
    'a billion laughs',
    lines(
      9,
      (index) =>
        `a${index}: &a${index} [${
          index === 0
            ? 'lol'
            : Array(9)
                .fill(`*a${index - 1}`)
                .join()
        }]`,
    ),
    /more than 10000 values/,
  ],
  ['aliases of nothing', 'a: *x', /not valid YAML/],
  ['a key twice', 'a: 1\na: 2', /not valid YAML: Map keys must be unique/],
  ['a list as a key', '? [a]\n: 1', /not valid YAML: .*keys/],
  ['a tag', 'a: !!js/function "x"', /not valid YAML: Unresolved tag/],
  ['two documents', 'a: 1\n---\nb: 2', /not valid YAML: holds several documents \(---\), a recipe is one/],
  ['latin-1', Buffer.from('title: caf\u00e9', 'latin1'), /not UTF-8/],
])('bounds %s', (_, text, message) => expect(refusal(text)).toMatch(message));

it.each([
  'a: !!binary aGVsbG8=',
  'a: [!!timestamp 2001-01-01]',
  'a: !!set {b, c}',
  'a: !!omap [{b: 1}]',
  '%YAML 1.1\n---\na: 2001-01-01',
])('refuses what is no plain data: %s', (text) => {
  expect(refusal(text)).toMatch(/^a\.yaml: has a value with a tag|^a\.yaml: not valid YAML/);
});

it('keeps a key that is named as the prototype is', () => {
  const value = read('__proto__: { polluted: 1 }\nconstructor: 2') as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
