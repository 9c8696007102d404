import { readFileSync } from 'node:fs';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { expandBraces } from './expand-braces.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/webdataset/expected.json', import.meta.url), 'utf8'),
) as { readonly braces: Record<string, string[]>; readonly urls: Record<string, string[]> };

describe('expandBraces', () => {
  it.each(Object.entries({ ...golden.braces, ...golden.urls }))('%s as the Python packages do', (pattern, expected) => {
    expect(expandBraces(pattern)).toEqual(expected);
  });

  it('leaves an IPv6 address whole', () => {
    expect(expandBraces('http://[::1]:80/{0..1}.tar::b.tar')).toEqual([
      'http://[::1]:80/0.tar',
      'http://[::1]:80/1.tar',
      'b.tar',
    ]);
  });

  it.each(['{1,2', 'a}', '{a{b}', '}{'])('refuses %s', (pattern) => {
    expect(() => expandBraces(pattern)).toThrow(/braces in pairs/);
  });

  it.each(['{1..1000000000}', '{1..1000}{1..1001}', '{a,{1..100}}{1..9999}', '{1..600000}::{1..600000}'])(
    'is bounded: %s',
    (pattern) => {
      expect(() => expandBraces(pattern)).toThrow(InvalidOptionError);
      expect(() => expandBraces(pattern)).toThrow(/at most 1000000 names/);
    },
  );

  it('takes another limit, and refuses deep nests and long patterns', () => {
    expect(expandBraces('{1..3}', { maxResults: 3 })).toEqual(['1', '2', '3']);
    expect(() => expandBraces('{1..4}', { maxResults: 3 })).toThrow(/at most 3 names/);
    expect(() => expandBraces('{'.repeat(40) + '}'.repeat(40))).toThrow(/nested at most 32 deep/);
    expect(() => expandBraces('x'.repeat(5000))).toThrow(/at most 4096 characters/);
  });
});
