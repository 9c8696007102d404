import { parseArgs } from 'node:util';
import type { ArgsDef } from 'citty';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { didYouMean } from './did-you-mean.js';

/**
 * Refuses what citty would let pass: unknown options, options without their value, missing and surplus arguments.
 *
 * A `valueHint` in brackets marks a value that may be absent; it is then the empty string.
 *
 * @returns the arguments, each option with its value in one string
 * @throws InvalidOptionError
 */
export function checkArguments(where: string, args: ArgsDef, argv: readonly string[]): string[] {
  const options = new Map(Object.entries(args).filter(([, { type }]) => type !== 'positional'));
  const expected = Object.entries(args).filter(([, { type }]) => type === 'positional');
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      [...options].map(([name, definition]) => {
        const { alias } = definition as { alias?: string };
        const type = definition.type === 'boolean' ? 'boolean' : 'string';
        // A value that may be absent is told from an argument by its form.
        return [
          name,
          { type: isOptional(definition) ? 'boolean' : type, ...(alias === undefined ? {} : { short: alias }) },
        ];
      }),
    ),
  });
  const checked: string[] = [];
  const positionals: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      positionals.push(token.value);
      continue;
    }
    const { name, rawName } = token;
    let { value } = token;
    const definition = options.get(name);
    if (definition === undefined)
      throw new InvalidOptionError(
        where,
        'an option',
        `one of ${[...options.keys()].map((key) => `--${key}`).join(', ')}`,
        rawName,
        didYouMean(
          rawName,
          [...options.keys()].map((key) => `--${key}`),
        ),
      );
    if (isOptional(definition)) {
      const next = tokens[at + 1];
      if (value === undefined && next?.kind === 'positional' && /^\d+$/.test(next.value)) {
        value = next.value;
        at++;
      }
      checked.push(`--${name}=${value ?? ''}`);
    } else if (definition.type === 'boolean') {
      if (value !== undefined) throw new InvalidOptionError(where, rawName, 'without a value', value);
      checked.push(`--${name}`);
    } else {
      if (value === undefined || value === '' || (token.inlineValue === false && value.startsWith('--')))
        throw new InvalidOptionError(where, rawName, 'followed by a value', value ?? 'nothing');
      checked.push(`--${name}=${value}`);
    }
  }
  const missing = expected[positionals.length];
  if (missing !== undefined) throw new InvalidOptionError(where, `<${missing[0]}>`, 'given', 'nothing');
  if (positionals.length > expected.length)
    throw new InvalidOptionError(where, 'arguments', `at most ${expected.length}`, positionals.join(' '));
  return [...checked, '--', ...positionals];
}

function isOptional(definition: ArgsDef[string]): boolean {
  return (definition as { valueHint?: string }).valueHint?.startsWith('[') === true;
}
