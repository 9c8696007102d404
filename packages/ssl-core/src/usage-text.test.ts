import { describe, expect, it } from 'vitest';
import { usageText } from './usage-text.js';
import { usesColour } from './uses-colour.js';

const [terminal, pipe] = [{ isTTY: true }, {}];

describe('colours', () => {
  it.each([
    [terminal, {}, true],
    [pipe, {}, false],
    [{ isTTY: false }, { TERM: 'xterm' }, false],
    [terminal, { TERM: 'dumb' }, false],
    [terminal, { NO_COLOR: '1' }, false],
    [terminal, { NO_COLOR: 'yes' }, false],
    [terminal, { NO_COLOR: '' }, true],
    [pipe, { FORCE_COLOR: '1' }, true],
    [pipe, { FORCE_COLOR: '' }, true],
    [terminal, { FORCE_COLOR: '0' }, false],
    [terminal, { FORCE_COLOR: 'false' }, false],
    [pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('%j with %j: %s', (stream, environment, expected) => {
    expect(usesColour(stream, environment)).toBe(expected);
  });

  it('stand in help where they may, and are taken out where not', () => {
    const usage = 'what it does\n\n\u001B[4m\u001B[1mUSAGE\u001B[22m\u001B[24m \u001B[36mtool\u001B[39m';
    expect(usageText(usage, pipe, {})).toBe('what it does\n\nUSAGE tool');
    expect(usageText(usage, terminal, {})).toBe('what it does\n\n\u001B[1mUSAGE\u001B[22m tool');
  });
});
