import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { nearestName } from './nearest-name.js';

/** @throws InvalidOptionError that lists `choices`, and names the nearest one, unless `value` is one of them */
export function checkChoice(where: string, option: string, value: unknown, choices: readonly string[]): void {
  if ((choices as readonly unknown[]).includes(value)) return;
  const nearest = typeof value === 'string' ? nearestName(value, choices) : undefined;
  throw new InvalidOptionError(
    where,
    option,
    choices.map((choice) => `'${choice}'`).join(' or '),
    value,
    nearest === undefined ? undefined : `Did you mean '${nearest}'?`,
  );
}
