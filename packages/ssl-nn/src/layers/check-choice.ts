import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** @throws InvalidOptionError when `value` is none of `choices` */
export function checkChoice(where: string, option: string, choices: readonly string[], value: unknown): void {
  if (choices.includes(value as string)) return;
  throw new InvalidOptionError(where, option, choices.map((choice) => `'${choice}'`).join(' or '), value);
}
