import { InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { EncodeBatchOptions, EncodeOptions, EncodeTextOptions } from './text-tokenizer.js';

export const encodeOptionNames: OptionNames<EncodeOptions> = {
  maxLength: 'optionalNumber',
  addSpecialTokens: 'optionalFlag',
};

export const encodeTextOptionNames: OptionNames<EncodeTextOptions> = {
  ...encodeOptionNames,
  pair: 'optional',
  truncate: 'optional',
  stride: 'optionalNumber',
};

export const encodeBatchOptionNames: OptionNames<EncodeBatchOptions> = {
  ...encodeOptionNames,
  padding: 'optional',
  pairs: 'optional',
  truncate: 'optional',
};

/** @throws InvalidOptionError for what is no text */
export function checkText(where: string, name: string, text: unknown): void {
  if (typeof text !== 'string') throw new InvalidOptionError(where, name, 'a string', text);
}

/** @throws InvalidOptionError for a length without room for a token */
export function checkLength(where: string, maxLength: number, least: number): void {
  if (!(maxLength >= least && (Number.isSafeInteger(maxLength) || maxLength === Infinity)))
    throw new InvalidOptionError(where, 'maxLength', `an integer of at least ${least}`, maxLength);
}
