import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** @throws InvalidOptionError unless `value` is one of `choices` */
export function checkChoice(where: string, option: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value))
    throw new InvalidOptionError(where, option, choices.map((choice) => `'${choice}'`).join(' or '), value);
}
