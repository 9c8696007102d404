import { InvalidOptionError } from '@selfsup/ssl-core';

/** Names of the shards of one packing. */
export interface ShardPattern {
  /** Whether a file's name is of this pattern. */
  readonly matches: (name: string) => boolean;
  /** Name of shard `number`. */
  readonly nameOf: (number: number) => string;
}

/** Reads a pattern such as `train-%06d.tar`; throws {@link InvalidOptionError} for another form. */
export function parseShardPattern(pattern: string, where: string): ShardPattern {
  const parts = /^([^/\\%]*)%0?(\d?)d([^/\\%]*\.tar)$/.exec(pattern);
  if (parts === null)
    throw new InvalidOptionError(where, 'pattern', "a file name with one '%06d' that ends in '.tar'", pattern);
  const [, before = '', width = '', after = ''] = parts;
  return {
    matches: (name) =>
      name.startsWith(before) && name.endsWith(after) && /^\d+$/.test(name.slice(before.length, -after.length)),
    nameOf: (number) => `${before}${String(number).padStart(Number(width), '0')}${after}`,
  };
}
