import { DataError } from '@selfsup/ssl-core';
import { LabelColumn } from '../dataset/label-column.js';
import type { NamedLabels } from '../dataset/renumber-labels.js';
import { stringAt } from '../dataset/string-table.js';
import { isIntegerText, type LabelMember, parseLabel, parseLabelText } from './member-label.js';
import type { MemberReader } from './member-reader.js';
import { memberOf, type SampleTable, shardOf } from './sample-table.js';
import { shardName } from './shard-store.js';
import type { WebDatasetSource } from './web-dataset-source.js';
import type { WebDatasetOptions } from './web-dataset-options.js';

/** Labels that are read at the same time. */
const lanes = 8;

/** Finds the member with the class, which all samples must have. Throws DataError when one has none. */
export function labelMember(
  table: SampleTable,
  wanted: WebDatasetOptions['label'],
  path: string,
): LabelMember | undefined {
  if (wanted === 'none') return undefined;
  const { extension, ...rest } = wanted ?? { extension: 'cls' };
  const number = table.extensions.indexOf(extension.toLowerCase());
  if (number < 0 && wanted === undefined) return undefined;
  const length = table.memberStarts.length - 1;
  for (let index = 0; index < length; index++) {
    if (number < 0 || memberOf(table, index, number) < 0)
      throw new DataError(
        `sample '${stringAt(table.keys, index)}' has no .${extension}, the class; repair the shards (members of a sample must lie side by side: tar --sort=name, or ssl-data pack), or pass label: 'none'`,
        { path },
      );
  }
  return { extension: extension.toLowerCase(), ...rest };
}

/** Reads the classes of samples, a few bytes each. */
export class LabelReader {
  readonly #source: WebDatasetSource;
  readonly #reader: MemberReader;
  readonly #label: LabelMember;
  readonly #extension: number;

  constructor(source: WebDatasetSource, label: LabelMember, reader: MemberReader) {
    this.#source = source;
    this.#reader = reader;
    this.#label = label;
    this.#extension = source.table.extensions.indexOf(label.extension);
  }

  /** Number of the member with a sample's class. */
  memberOf(index: number): number {
    return memberOf(this.#source.table, index, this.#extension);
  }

  /** The class in a member's bytes. Throws DataError when it is no integer, or none of the classes that its shard names. */
  parse(bytes: Uint8Array, index: number): number {
    const [name, where] = this.#place(index);
    const label = parseLabel(bytes, this.#label, name, where);
    const { classCounts, table } = this.#source;
    const count = classCounts?.[shardOf(table, index)];
    if (count === undefined || label < count) return label;
    throw new DataError(
      `'${name}' holds the class ${label}, and the shard names ${count} classes, from 0 to ${count - 1}; repair it, or pack the shards anew`,
      where,
    );
  }

  /** All classes, integers, `[length]`. Throws DataError when one cannot be read. */
  async numbers(): Promise<Int32Array> {
    const labels = new Int32Array(new SharedArrayBuffer(4 * this.#length));
    await this.#each((bytes, index) => (labels[index] = this.parse(bytes, index)));
    return labels;
  }

  /**
   * Whether the first sample's class is a text. Only looks where looking costs nothing; what cannot be read is told when
   * it is asked for.
   */
  async isText(): Promise<boolean> {
    const { kind } = this.#label;
    if (kind !== undefined) return kind === 'names';
    if (this.#length === 0 || this.#source.shards.some((shard) => shard.kind === 'url')) return false;
    try {
      const [bytes] = await this.#reader.read(0, [this.memberOf(0)]);
      return !isIntegerText(parseLabelText(bytes!, this.#label, ...this.#place(0)));
    } catch (error) {
      if (!DataError.isInstance(error)) throw error;
      return false;
    }
  }

  /**
   * All classes, numbered.
   *
   * @param given the caller's list; see `readClassList`
   * @throws DataError for a class that cannot be read, and for those that do not fit the list
   */
  async named(given: readonly string[] | undefined, allowEmpty: boolean): Promise<NamedLabels> {
    const texts: string[] = Array.from({ length: this.#length }, () => '');
    await this.#each((bytes, index) => {
      texts[index] = parseLabelText(bytes, this.#label, ...this.#place(index));
    });
    const { kind } = this.#label;
    const column = new LabelColumn({ kind, given, allowEmpty, asNames: "kind: 'names' in label" });
    for (const [index, text] of texts.entries()) {
      const [name, where] = this.#place(index);
      column.add(text, (problem) => new DataError(`'${name}' ${problem}`, where));
    }
    const { labels, classes } = column.finish(shardName(this.#source.shards[0]!));
    return { labels: labels!, classes };
  }

  get #length(): number {
    return this.#source.table.memberStarts.length - 1;
  }

  async #each(visit: (bytes: Uint8Array, index: number) => void): Promise<void> {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < this.#length) {
        const index = next++;
        const [bytes] = await this.#reader.read(index, [this.memberOf(index)]);
        visit(bytes!, index);
      }
    };
    const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  #place(index: number): readonly [name: string, where: { readonly path: string; readonly offset: number }] {
    const { table, shards } = this.#source;
    const member = this.memberOf(index);
    const path = shardName(shards[shardOf(table, index)]!);
    return [this.#reader.memberName(index, member), { path, offset: table.offsets[member]! }];
  }
}
