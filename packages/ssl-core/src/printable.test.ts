import { expect, it } from 'vitest';
import { printable } from './printable.js';

it('leaves letters of every script, and shows what a terminal would obey', () => {
  expect(printable('Füchse 狐 🦊 a\\b')).toBe('Füchse 狐 🦊 a\\b');
  expect(printable('\u001b[2Jx\n\u009by\u202ez\u007f')).toBe('\\x1b[2Jx\\x0a\\x9by\\u{202e}z\\x7f');
});
