import { expect, it, vi } from 'vitest';
import { tellerOf } from './teller-of.js';

it('tells where the progress is shown, and nothing where it is silent', () => {
  const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    tellerOf('pretrain', 'silent')('a');
    expect(errors).not.toHaveBeenCalled();
    tellerOf('pretrain')('b');
    expect(errors.mock.calls).toEqual([['pretrain: b\n']]);
    const lines: string[] = [];
    const own = { start: () => {}, update: () => {}, note: () => {}, stop: () => {} };
    tellerOf('pretrain', { ...own, info: (line) => void lines.push(line) })('c');
    tellerOf('pretrain', own)('d');
    expect(lines).toEqual(['pretrain: c']);
    expect(errors).toHaveBeenCalledTimes(1);
  } finally {
    errors.mockRestore();
  }
});
