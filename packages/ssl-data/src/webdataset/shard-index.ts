import { DataError } from '@selfsup/ssl-core';
import { endingOf, type LeftOut, LeftOutCounter } from '../dataset/left-out.js';
import { type NameSplit, splitMemberName } from './member-name.js';
import type { TarMember } from './scan-tar.js';

/** What a shard holds and where, column by column. */
export interface ShardIndex {
  /** Bytes of the archive. */
  readonly size: number;
  /** How names were split. */
  readonly split: NameSplit;
  /** Whether all names stand in full in the headers just before the data. */
  readonly plainNames: boolean;
  /** Extensions that occur. */
  readonly extensions: readonly string[];
  /** Key of each sample, `[samples]`. */
  readonly keys: readonly string[];
  /** Number of members of each sample, `[samples]`. */
  readonly counts: readonly number[];
  /** For each member, in the order of the archive, `[members]`: number in `extensions`, first byte, bytes. */
  readonly extensionOf: readonly number[];
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
  /** Members that belong to no sample. */
  readonly leftOut: readonly LeftOut[];
  /** Names of the classes, where the archive holds them; see `classRecordName`. */
  readonly classes?: readonly string[] | undefined;
}

/** Largest number of different extensions. */
export const maxExtensions = 1024;

/** Groups members into samples: neighbours with the same key, as the Python package does. */
export class ShardIndexBuilder {
  readonly #path: string;
  readonly #extensions = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #counts: number[] = [];
  readonly #extensionOf: number[] = [];
  readonly #offsets: number[] = [];
  readonly #sizes: number[] = [];
  #plainNames = true;
  #classes: readonly string[] | undefined;
  readonly #split: NameSplit;
  readonly #leftOut = new LeftOutCounter();

  /** @param path archive, for messages */
  constructor(path: string, split: NameSplit) {
    this.#path = path;
    this.#split = split;
  }

  /** @throws DataError when the sample has a member of this extension already */
  add({ name, offset, size, plainName }: TarMember): void {
    const split = splitMemberName(name, this.#split);
    if (split === undefined) {
      this.#leftOut.add(/(?:^|\/)\.[^/]*$/.test(name) ? 'hidden files' : endingOf(name), name);
      return;
    }
    const [key, extension] = split;
    let number = this.#extensions.get(extension);
    if (number === undefined) {
      number = this.#extensions.size;
      if (number === maxExtensions)
        throw new DataError(
          `has more than ${maxExtensions} different extensions, such as '.${extension}' of '${name}'; ${
            this.#split === 'first-dot'
              ? "pass splitAt: 'last-dot' if names have dots before their extension"
              : 'pack the archive again with fewer kinds of files'
          }`,
          { path: this.#path, offset },
        );
      this.#extensions.set(extension, number);
    }
    const last = this.#keys.length - 1;
    if (last >= 0 && this.#keys[last] === key) {
      if (this.#extensionOf.includes(number, this.#extensionOf.length - this.#counts[last]!))
        throw new DataError(`holds '${name}' twice in a row; pack the archive again`, { path: this.#path, offset });
      this.#counts[last]!++;
    } else {
      this.#keys.push(key);
      this.#counts.push(1);
    }
    this.#extensionOf.push(number);
    this.#offsets.push(offset);
    this.#sizes.push(size);
    this.#plainNames &&= plainName;
  }

  /** Counts a link or a device: it has no data, and what a link leads to is another member or outside. */
  passOver(name: string): void {
    this.#leftOut.add('links, pipes and devices', name);
  }

  /** Takes the names of the classes; what comes after the first such record is ignored. */
  name(classes: readonly string[]): void {
    this.#classes ??= classes;
  }

  /** @param size bytes of the archive */
  finish(size: number): ShardIndex {
    return {
      size,
      split: this.#split,
      leftOut: this.#leftOut.finish(),
      plainNames: this.#plainNames,
      extensions: [...this.#extensions.keys()],
      keys: this.#keys,
      counts: this.#counts,
      extensionOf: this.#extensionOf,
      offsets: this.#offsets,
      sizes: this.#sizes,
      ...(this.#classes === undefined ? {} : { classes: this.#classes }),
    };
  }
}
