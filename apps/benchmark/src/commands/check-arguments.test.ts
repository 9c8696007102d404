import type { ArgsDef } from 'citty';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { expect, test } from 'vitest';
import { checkArguments } from './check-arguments.js';

const args: ArgsDef = {
  recipe: { type: 'positional' },
  seed: { type: 'string' },
  quiet: { type: 'boolean', alias: 'q' },
};

function problem(...argv: string[]): string {
  try {
    checkArguments('app run', args, argv);
  } catch (error) {
    if (error instanceof InvalidOptionError) return error.message;
    throw error;
  }
  return 'accepted';
}

test('accepts what is defined, in every spelling', () => {
  expect(problem('x', '--seed', '3', '--quiet')).toBe('accepted');
  expect(problem('--seed=3', '-q', 'x')).toBe('accepted');
  expect(problem('x', '--seed', '-3')).toBe('accepted');
});

test('refuses unknown flags with the nearest known one', () => {
  expect(problem('x', '--sede', '3')).toBe(
    "app run: option must be one of --seed, --quiet, -q (did you mean '--seed'?), got '--sede'",
  );
  expect(problem('x', '--no-color')).toContain("got '--no-color'");
});

test('refuses a flag without value, missing and surplus positionals', () => {
  expect(problem('x', '--seed')).toBe("app run: --seed must be followed by a value, got 'nothing'");
  expect(problem('x', '--seed', '--quiet')).toContain("--seed must be followed by a value, got '--quiet'");
  expect(problem()).toBe("app run: recipe must be given, got 'nothing'");
  expect(problem('x', 'y')).toBe("app run: arguments must be at most 1, got 'x y'");
});
