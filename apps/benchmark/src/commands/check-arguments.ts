import type { ArgsDef } from 'citty';
import { InvalidOptionError, suggestion } from '@selfsup/ssl-core';

/**
 * Refuses what citty would let pass: unknown flags, flags without their value, missing and surplus positionals.
 *
 * @throws InvalidOptionError with the nearest known flag
 */
export function checkArguments(where: string, args: ArgsDef, argv: readonly string[]): void {
  const definitions = Object.entries(args);
  const flags = definitions.filter(([, { type }]) => type !== 'positional');
  const spellings = new Map<string, ArgsDef[string]>(
    flags.flatMap(([name, definition]) => [
      [`--${name}`, definition] as const,
      ...aliases(definition).map((alias) => [`-${alias}`, definition] as const),
    ]),
  );
  const positionals: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (!argument.startsWith('-') || argument === '-') {
      positionals.push(argument);
      continue;
    }
    const [flag, inline] = argument.split('=', 2) as [string, string | undefined];
    const definition = spellings.get(flag);
    if (definition === undefined) {
      throw new InvalidOptionError(
        where,
        'option',
        `one of ${[...spellings.keys()].join(', ')}${suggestion(flag, spellings.keys())}`,
        flag,
      );
    }
    if (definition.type === 'boolean') continue;
    const value = inline ?? argv[++i];
    if (value === undefined || (inline === undefined && /^-\D/.test(value))) {
      throw new InvalidOptionError(where, flag, 'followed by a value', value ?? 'nothing');
    }
  }
  const expected = definitions.filter(([, { type }]) => type === 'positional');
  const missing = expected[positionals.length];
  if (missing !== undefined && missing[1].required !== false) {
    throw new InvalidOptionError(where, missing[0], 'given', 'nothing');
  }
  if (positionals.length > expected.length) {
    throw new InvalidOptionError(where, 'arguments', `at most ${expected.length}`, positionals.join(' '));
  }
}

function aliases(definition: ArgsDef[string]): string[] {
  const { alias } = definition as { alias?: string | string[] };
  return alias === undefined ? [] : Array.isArray(alias) ? alias : [alias];
}
