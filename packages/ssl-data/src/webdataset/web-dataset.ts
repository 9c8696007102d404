import { checkOptions, DataError } from '@selfsup/ssl-core';
import { checkIndex } from '../dataset/check-index.js';
import { readClassList } from '../dataset/class-list.js';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { type DatasetSource, ownSource } from '../dataset/dataset-source.js';
import { imageExtensions as allImageExtensions } from '../dataset/list-image-files.js';
import { type LeftOut, leftOutText } from '../dataset/left-out.js';
import { renumberLabels } from '../dataset/renumber-labels.js';
import { stringAt } from '../dataset/string-table.js';
import type { Image } from '../image/image.js';
import { decodeImage } from '../image/decode-image.js';
import type { PixelMemory } from '../image/pixel-memory.js';
import { refuseNoImage } from '../image/refuse-no-image.js';
import { defaultMaxEntries } from './index-tar.js';
import { labelMember, LabelReader } from './label-reader.js';
import { openShards, type SkippedShard } from './open-shards.js';
import { MemberReader } from './member-reader.js';
import { joinIndices, memberOf, type SampleTable, shardOf } from './sample-table.js';
import { shardLocations } from './shard-locations.js';
import { joinClassRecords } from './join-class-records.js';
import { shardName, ShardStore } from './shard-store.js';
import { unusedMembers } from './unused-members.js';
import { checkWebDatasetOptions, webDatasetOptionNames, type WebDatasetOptions } from './web-dataset-options.js';
import type { WebDatasetSource } from './web-dataset-source.js';
import { checkOpened } from '../dataset/check-opened.js';

/** A sample as it is stored. */
export interface RawSample {
  readonly key: string;
  /** Bytes by extension. */
  readonly members: ReadonlyMap<string, Uint8Array>;
}

/** What only the thread that opened the shards knows. */
interface AboutShards {
  readonly skipped: readonly SkippedShard[];
  readonly classes: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

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
  /** Names of the classes, in the order of their numbers; empty where the classes are integers and neither the shards nor the caller name them. */
  readonly classes: readonly string[];
  /** Shards that were left out (`onBadShard: 'skip'`), and why. */
  readonly skippedShards: readonly SkippedShard[];
  readonly #source: WebDatasetSource;
  readonly #store: ShardStore;
  readonly #reader: MemberReader;
  /** Numbers of the extensions of images. */
  readonly #images: readonly number[];
  /** Of the classes, where there are any. */
  readonly #classReader: LabelReader | undefined;
  readonly #leftOut: readonly LeftOut[];
  #labels: Int32Array | undefined;

  constructor(source: WebDatasetSource, { skipped, classes, leftOut }: Partial<AboutShards> = {}) {
    checkOpened('WebDataset', (source as Partial<WebDatasetSource> | undefined)?.access !== undefined, source);
    const { table, imageExtensions, label } = source;
    this.#source = source;
    this.#store = new ShardStore(source.access);
    this.#reader = new MemberReader(this.#store, source);
    this.#images = imageExtensions.map((name) => table.extensions.indexOf(name)).filter((number) => number >= 0);
    this.#labels = source.labels;
    this.#classReader = label && new LabelReader(source, label, this.#reader);
    this.skippedShards = skipped ?? [];
    this.classes = classes ?? [];
    this.#leftOut = leftOut ?? [];
    this.length = table.memberStarts.length - 1;
  }

  /**
   * @param shards a pattern such as `train-{000000..000146}.tar` or `https://host/train-{00..09}.tar`, a folder, or a list
   * @throws InvalidOptionError; DataError for a shard that is missing or damaged, where no sample has an image, and for
   *   classes that do not fit `classes`
   */
  static async open(shards: string | readonly string[], options: WebDatasetOptions = {}): Promise<WebDataset> {
    checkOptions('WebDataset.open', options, webDatasetOptionNames);
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
      splitAt = 'first-dot',
      classes: list,
      allowEmpty = false,
      ...decoding
    } = options;
    const given = label === 'none' ? undefined : await readClassList('WebDataset.open', list);
    const access = { http, cache };
    const store = new ShardStore(access);
    const { locations, leftOut } = await shardLocations(shards);
    const indexing = { onBadShard, maxBadShare, maxEntries, splitAt };
    const { opened, skipped } = await openShards(locations, store, indexing);
    await store.close();
    const table = joinIndices(
      opened.map(({ index }) => index),
      maxEntries,
    );
    const lowerCase = imageExtensions.map((extension) => extension.toLowerCase());
    if (table.extensions.length === 0) {
      const others = leftOutText([...leftOut, ...opened.flatMap(({ index }) => index.leftOut)]);
      throw new DataError(
        `holds no files that make samples, named by a key and an extension such as 0001.jpg${others === '' ? ' (the archive is empty)' : `, but ${others}`}; pack it anew`,
        { path: locations[0]! },
      );
    }
    if (!table.extensions.some((extension) => lowerCase.includes(extension)))
      throw new DataError(
        `hold no images (${lowerCase.join(', ')}) but ${table.extensions.slice(0, 20).join(', ')}; pass ${imageAdvice(table.extensions, lowerCase)}`,
        { path: locations[0]! },
      );
    const member = labelMember(table, label, locations[0]!);
    const recorded = joinClassRecords(opened, member, given !== undefined);
    const source: WebDatasetSource = {
      table,
      shards: opened.map(({ shard }) => shard),
      access,
      decoding,
      imageExtensions: lowerCase,
      splitAt,
      label: member,
      labels: undefined,
      classCounts: recorded?.counts,
      maxSampleBytes,
    };
    const passedOver = [...leftOut, ...opened.flatMap(({ index }) => index.leftOut)];
    const classes = recorded?.names ?? [];
    const dataset = new WebDataset(source, { skipped, leftOut: passedOver, classes });
    const reader = dataset.#classReader;
    if (reader !== undefined && recorded !== undefined) {
      if (given === undefined) {
        if (loadLabels) await dataset.loadLabels();
        return dataset;
      }
      const path = locations[0]!;
      const numbers = recorded.renumbered(await reader.numbers(), table);
      const { labels, classes } = renumberLabels(numbers, recorded.names, { given, allowEmpty, path });
      await dataset.close();
      return new WebDataset({ ...source, labels, classCounts: undefined }, { skipped, leftOut: passedOver, classes });
    }
    if (reader !== undefined && (given !== undefined || (await reader.isText()))) {
      const { labels, classes } = await reader.named(given, allowEmpty);
      await dataset.close();
      return new WebDataset({ ...source, labels }, { skipped, leftOut: passedOver, classes });
    }
    if (loadLabels) await dataset.loadLabels();
    return dataset;
  }

  get source(): DatasetSource {
    return ownSource('webDataset', { ...this.#source, labels: this.#labels } satisfies WebDatasetSource);
  }

  /** Whether members `cls` can number the classes in shards written anew: they do already, or nothing else is there. */
  get clsHoldsClasses(): boolean {
    const { label, table } = this.#source;
    if (label === undefined) return false;
    return label.extension === 'cls' ? label.field === undefined : !table.extensions.includes('cls');
  }

  /** Endings of the members that are images, in lower case, the first one of a sample that it has counts. */
  get imageExtensions(): readonly string[] {
    return this.#source.imageExtensions;
  }

  /** Whether the samples have classes, read or not. */
  get hasLabels(): boolean {
    return this.#source.label !== undefined;
  }

  /** Class of each sample, `[length]`, once read by {@link loadLabels}. */
  get labels(): Int32Array | undefined {
    return this.#labels;
  }

  /** Members of the archives that are read for no image and no class, and what else lies in their folder. */
  get leftOut(): readonly LeftOut[] {
    const { table, imageExtensions, label } = this.#source;
    return unusedMembers(table, [...imageExtensions, label?.extension ?? ''], this.#leftOut);
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
    const { table, imageExtensions } = this.#source;
    const image = this.#images.map((extension) => memberOf(table, index, extension)).find((member) => member >= 0);
    if (image === undefined) {
      const has = extensionsOf(table, index);
      throw new DataError(
        `sample '${this.key(index)}' has no image (${imageExtensions.join(', ')}) but ${has.slice(0, 20).join(', ')}; repair the shards (members of a sample must lie side by side: tar --sort=name, or ssl-data pack), or pass ${imageAdvice(has, imageExtensions)}`,
        { path: this.shard(index) },
      );
    }
    const known = this.#labels?.[index];
    const reader = known === undefined ? this.#classReader : undefined;
    const [bytes, labelBytes] = await this.#reader.read(
      index,
      reader === undefined ? [image] : [image, reader.memberOf(index)],
    );
    const decoded = await this.#decode(bytes!, index, image, memory);
    const label = known ?? reader?.parse(labelBytes!, index);
    return label === undefined ? { image: decoded } : { image: decoded, label };
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
    if (this.#classReader === undefined)
      throw new DataError('the samples have no classes that were chosen; pass label: { extension }', {
        path: shardName(this.#source.shards[0]!),
      });
    this.#labels = await this.#classReader.numbers();
    return this.#labels;
  }

  /** Closes open shards; they open again when asked for. */
  async close(): Promise<void> {
    await this.#store.close();
  }

  async #decode(bytes: Uint8Array, index: number, member: number, memory: PixelMemory | undefined): Promise<Image> {
    const name = `'${this.#reader.memberName(index, member)}'`;
    const where = { path: this.shard(index), offset: this.#source.table.offsets[member]! };
    refuseNoImage(
      bytes,
      name,
      'repair or remove the member, or say by imageExtensions which members are images',
      where,
    );
    try {
      return await decodeImage(bytes, this.#source.decoding, memory);
    } catch (cause) {
      if (!DataError.isInstance(cause)) throw cause;
      const reason = cause.message.replace(`${cause.path}: `, '');
      throw new DataError(`${name} ${reason}`, { ...where, cause });
    }
  }
}

function extensionsOf({ extensions, extensionOf, memberStarts }: SampleTable, index: number): readonly string[] {
  const numbers = extensionOf.subarray(memberStarts[index]!, memberStarts[index + 1]!);
  return Array.from(numbers, (number) => extensions[number]!);
}

/** Which option makes images of members with these extensions. */
function imageAdvice(extensions: readonly string[], images: readonly string[]): string {
  return extensions.some((extension) => images.some((image) => extension.endsWith(`.${image}`)))
    ? "splitAt: 'last-dot', as names have dots before their extension"
    : 'imageExtensions';
}
