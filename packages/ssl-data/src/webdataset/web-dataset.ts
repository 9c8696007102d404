import { DataError } from 'ssl-core';
import { checkIndex } from '../dataset/check-index.js';
import type { Dataset, DatasetSource, ImageSample } from '../dataset/dataset.js';
import { imageExtensions as allImageExtensions } from '../dataset/list-image-files.js';
import { stringAt } from '../dataset/string-table.js';
import type { Image } from '../image/image.js';
import { decodeImage, type ImageDecoding } from '../image/decode-image.js';
import type { PixelMemory } from '../image/pixel-memory.js';
import { defaultMaxEntries } from './index-tar.js';
import { type LabelMember, parseLabel } from './member-label.js';
import { openShards, type SkippedShard } from './open-shards.js';
import { MemberReader } from './member-reader.js';
import { joinIndices, memberOf, type SampleTable, shardOf } from './sample-table.js';
import type { Shard } from './shard.js';
import { shardLocations } from './shard-locations.js';
import { type ShardAccess, shardName, ShardStore } from './shard-store.js';
import { checkWebDatasetOptions, type WebDatasetOptions } from './web-dataset-options.js';

/** All that a thread needs to read the samples; plain data, the large parts in shared memory. */
export interface WebDatasetSource {
  readonly table: SampleTable;
  readonly shards: readonly Shard[];
  readonly access: ShardAccess;
  readonly decoding: ImageDecoding;
  readonly imageExtensions: readonly string[];
  readonly label: LabelMember | undefined;
  readonly labels: Int32Array | undefined;
  readonly maxSampleBytes: number;
}

/** A sample as it is stored. */
export interface RawSample {
  readonly key: string;
  /** Bytes by extension. */
  readonly members: ReadonlyMap<string, Uint8Array>;
}

/** Labels that are read at the same time. */
const lanes = 8;

/**
 * Images in tar shards (WebDataset), on disk or on an HTTP server.
 *
 * The shards are indexed once, from their headers; the index is kept beside a local shard (`<shard>.index.json`) or in
 * the cache. A sample is then one read at a known place, so that any order, subset, split and resumption is exact and
 * costs nothing: see `shardSampler` for orders that go shard by shard.
 *
 * ```ts
 * const dataset = await WebDataset.open('photos/train-{000000..000146}.tar');
 * const loader = new DataLoader({ dataset, views: simclrViews(), batchSize: 256, sampler: shardSampler(dataset) });
 * ```
 *
 * Source: the Python package webdataset 1.0 for names, grouping and order.
 */
export class WebDataset implements Dataset<ImageSample> {
  readonly length: number;
  /** Shards that were left out (`onBadShard: 'skip'`), and why. */
  readonly skippedShards: readonly SkippedShard[];
  readonly #source: WebDatasetSource;
  readonly #store: ShardStore;
  readonly #reader: MemberReader;
  /** Numbers of the extensions of images. */
  readonly #images: readonly number[];
  #labels: Int32Array | undefined;

  constructor(source: WebDatasetSource, skippedShards: readonly SkippedShard[] = []) {
    const { table, imageExtensions } = source;
    this.#source = source;
    this.#store = new ShardStore(source.access);
    this.#reader = new MemberReader(this.#store, source);
    this.#images = imageExtensions.map((name) => table.extensions.indexOf(name)).filter((number) => number >= 0);
    this.#labels = source.labels;
    this.skippedShards = skippedShards;
    this.length = table.memberStarts.length - 1;
  }

  /**
   * @param shards a pattern such as `train-{000000..000146}.tar` or `https://host/train-{00..09}.tar`, a folder, or a list
   * @throws InvalidOptionError; DataError for a shard that is missing or damaged, and where no sample has an image
   */
  static async open(shards: string | readonly string[], options: WebDatasetOptions = {}): Promise<WebDataset> {
    checkWebDatasetOptions(options);
    const {
      imageExtensions = allImageExtensions,
      label,
      loadLabels = false,
      cache,
      http = {},
      onBadShard = 'fail',
      maxBadShare = 0.1,
      maxEntries = defaultMaxEntries,
      maxSampleBytes = 2 ** 28,
      ...decoding
    } = options;
    const access = { http, cache };
    const store = new ShardStore(access);
    const locations = await shardLocations(shards);
    const { opened, skipped } = await openShards(locations, store, { onBadShard, maxBadShare, maxEntries });
    await store.close();
    const table = joinIndices(
      opened.map(({ index }) => index),
      maxEntries,
    );
    const lowerCase = imageExtensions.map((extension) => extension.toLowerCase());
    if (!table.extensions.some((extension) => lowerCase.includes(extension)))
      throw new DataError(
        `hold no images (${lowerCase.join(', ')}) but ${table.extensions.slice(0, 20).join(', ') || 'nothing'}; pass imageExtensions`,
        { path: locations[0]! },
      );
    const dataset = new WebDataset(
      {
        table,
        shards: opened.map(({ shard }) => shard),
        access,
        decoding,
        imageExtensions: lowerCase,
        label: labelMember(table, label, locations[0]!),
        labels: undefined,
        maxSampleBytes,
      },
      skipped,
    );
    if (loadLabels) await dataset.loadLabels();
    return dataset;
  }

  get source(): DatasetSource {
    return { kind: 'webdataset', ...this.#source, labels: this.#labels };
  }

  /** Whether the samples have classes, read or not. */
  get hasLabels(): boolean {
    return this.#source.label !== undefined;
  }

  /** Class of each sample, `[length]`, once read by {@link loadLabels}. */
  get labels(): Int32Array | undefined {
    return this.#labels;
  }

  /** Number of samples of each shard, `[shards]`. */
  get shardLengths(): Int32Array {
    const { shardStarts } = this.#source.table;
    return Int32Array.from(shardStarts.subarray(1), (end, shard) => end - shardStarts[shard]!);
  }

  /** Key of a sample: its name without extensions. */
  key(index: number): string {
    checkIndex('WebDataset.key', index, this.length);
    return stringAt(this.#source.table.keys, index);
  }

  /** Path or URL of the shard that holds a sample. */
  shard(index: number): string {
    checkIndex('WebDataset.shard', index, this.length);
    return shardName(this.#source.shards[shardOf(this.#source.table, index)]!);
  }

  /** @throws DataError when the sample has no image, or cannot be read or decoded */
  async get(index: number, memory?: PixelMemory): Promise<ImageSample> {
    checkIndex('WebDataset.get', index, this.length);
    const { table, label } = this.#source;
    const image = this.#images.map((extension) => memberOf(table, index, extension)).find((member) => member >= 0);
    if (image === undefined)
      throw new DataError(`sample '${this.key(index)}' has no image (${this.#source.imageExtensions.join(', ')})`, {
        path: this.shard(index),
      });
    const labelAt =
      label === undefined || this.#labels !== undefined
        ? -1
        : memberOf(table, index, table.extensions.indexOf(label.extension));
    const [bytes, labelBytes] = await this.#reader.read(index, labelAt < 0 ? [image] : [image, labelAt]);
    const decoded = await this.#decode(bytes!, index, image, memory);
    if (label === undefined) return { image: decoded };
    return { image: decoded, label: this.#labels?.[index] ?? this.#labelIn(labelBytes!, index, labelAt) };
  }

  /**
   * A sample as it is stored, for members other than images.
   *
   * @throws DataError when it cannot be read
   */
  async getRaw(index: number): Promise<RawSample> {
    checkIndex('WebDataset.getRaw', index, this.length);
    const { extensions, extensionOf, memberStarts } = this.#source.table;
    const start = memberStarts[index]!;
    const members = Array.from({ length: memberStarts[index + 1]! - start }, (_, at) => start + at);
    const bytes = await this.#reader.read(index, members);
    return {
      key: this.key(index),
      members: new Map(members.map((member, at) => [extensions[extensionOf[member]!]!, bytes[at]!])),
    };
  }

  /**
   * Reads the classes of all samples, a few bytes each, for samplers that need them.
   *
   * @returns `[length]`, also kept as {@link labels}
   * @throws DataError when the samples have none, or one cannot be read
   */
  async loadLabels(): Promise<Int32Array> {
    if (this.#labels !== undefined) return this.#labels;
    const { label, table } = this.#source;
    if (label === undefined)
      throw new DataError('the samples have no classes that were chosen; pass label: { extension }', {
        path: shardName(this.#source.shards[0]!),
      });
    const labels = new Int32Array(new SharedArrayBuffer(4 * this.length));
    const extension = table.extensions.indexOf(label.extension);
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < this.length) {
        const index = next++;
        const member = memberOf(table, index, extension);
        const [bytes] = await this.#reader.read(index, [member]);
        labels[index] = this.#labelIn(bytes!, index, member);
      }
    };
    const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    this.#labels = labels;
    return labels;
  }

  /** Closes open shards; they open again when asked for. */
  async close(): Promise<void> {
    await this.#store.close();
  }

  async #decode(bytes: Uint8Array, index: number, member: number, memory: PixelMemory | undefined): Promise<Image> {
    try {
      return await decodeImage(bytes, this.#source.decoding, memory);
    } catch (cause) {
      if (!DataError.isInstance(cause)) throw cause;
      const reason = cause.message.replace(`${cause.path}: `, '');
      throw new DataError(`'${this.#reader.memberName(index, member)}' ${reason}`, {
        path: this.shard(index),
        offset: this.#source.table.offsets[member]!,
        cause,
      });
    }
  }

  #labelIn(bytes: Uint8Array, index: number, member: number): number {
    const offset = this.#source.table.offsets[member]!;
    const name = this.#reader.memberName(index, member);
    return parseLabel(bytes, this.#source.label!, name, { path: this.shard(index), offset });
  }
}

/** The member with the class, which all samples must have. */
function labelMember(table: SampleTable, wanted: WebDatasetOptions['label'], path: string): LabelMember | undefined {
  if (wanted === 'none') return undefined;
  const { extension, ...rest } = wanted ?? { extension: 'cls' };
  const number = table.extensions.indexOf(extension.toLowerCase());
  if (number < 0 && wanted === undefined) return undefined;
  const length = table.memberStarts.length - 1;
  for (let index = 0; index < length; index++) {
    if (number < 0 || memberOf(table, index, number) < 0)
      throw new DataError(
        `sample '${stringAt(table.keys, index)}' has no .${extension}, the class; repair the shards, or pass label: 'none'`,
        { path },
      );
  }
  return { extension: extension.toLowerCase(), ...rest };
}
