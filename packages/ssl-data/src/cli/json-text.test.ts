import { expect, it } from 'vitest';
import { jsonText } from './json-text.js';

it('reads back as it was, and has nothing that a terminal obeys', () => {
  const value = { 'a\u009b2J': ['\u001b[2J', 'b\u202eg', '\u{e0041}', 'é', 'x\u007f\u2028'] };
  const text = jsonText(value);
  expect(JSON.parse(text)).toEqual(value);
  // oxlint-disable-next-line no-control-regex -- looks for what must not be there
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\p{Cf}\u2028]/u);
  expect(text).toContain('é');
});
