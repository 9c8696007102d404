import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellWord } from './shell-word.js';

it.each(['runs/a-b.1', 'my run', "it's", '$HOME `x` "y" \\', '', '*', 'ä 狐'])(
  'is read back by a shell: %j',
  (word) => {
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' })).toBe(word);
  },
);

it.each(['a\u001b[2Jb', "\u0007 it's\n\\n", 'x\u202ey'])('shows no control character: %j', (word) => {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  expect(shellWord(word)).not.toMatch(/[\0-\x1f\x7f\u202e]/);
  expect(execFileSync('bash', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' })).toBe(word);
});
