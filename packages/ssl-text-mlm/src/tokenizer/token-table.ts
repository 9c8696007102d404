import type { DataError } from '@selfsup/ssl-tensor/host';
import { shown } from './json-fields.js';
import { tokenizerLimits } from './tokenizer-limits.js';
import { wellFormed } from './white-space.js';

/** The tokens of a `tokenizer.json` under their ids, which come one by one from model and added tokens. */
export class TokenTable {
  /** Token of every id. */
  readonly tokens: string[] = [];
  readonly ids = new Map<string, number>();
  /** Makes the error out of what is wrong. */
  readonly fail: (problem: string) => DataError;

  constructor(fail: (problem: string) => DataError) {
    this.fail = fail;
  }

  /** Adds a token, or the same again. Returns its id. */
  place(token: string, id: unknown): number {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= tokenizerLimits.vocabularySize)
      throw this.fail(
        `token '${token.slice(0, 40)}' has the id ${shown(id)}; ids must be integers from 0 to ${tokenizerLimits.vocabularySize - 1}`,
      );
    if (token.length > tokenizerLimits.tokenLength)
      throw this.fail(`a token has ${token.length} characters, the limit is ${tokenizerLimits.tokenLength}`);
    if (/[\ud800-\udfff]/.test(token) && wellFormed(token) !== token)
      throw this.fail(`the token with the id ${id} has half a surrogate pair`);
    const known = this.tokens[id];
    if (known !== undefined && known !== token) throw this.fail(`'${known}' and '${token}' share the id ${id}`);
    const other = this.ids.get(token);
    if (other !== undefined && other !== id) throw this.fail(`'${token}' has the ids ${other} and ${id}`);
    this.tokens[id] = token;
    this.ids.set(token, id);
    return id;
  }

  /** Refuses gaps between ids. */
  finish(): void {
    for (let id = 0; id < this.tokens.length; id++)
      if (this.tokens[id] === undefined) throw this.fail(`no token has the id ${id}; ids must be dense`);
  }
}
