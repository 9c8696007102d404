import { join } from 'node:path';
import { makeFolder, writeWhole } from '@selfsup/ssl-core/files';
import { InvalidOptionError, isNdArray, type NdArray, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';

/** Options of embeddings for TensorBoard's projector. */
export interface EmbeddingsOptions {
  /** What is known of each vector: one text each, or columns of them by name. */
  readonly metadata?: readonly (string | number)[] | Readonly<Record<string, readonly (string | number)[]>>;
}

/** Names of {@link EmbeddingsOptions}. */
export const embeddingsOptionNames: OptionNames<EmbeddingsOptions> = { metadata: 'optional' };

/** Embeddings that lie in a folder. */
export interface SavedEmbeddings {
  readonly step: number;
  readonly name: string;
  readonly hasMetadata: boolean;
}

const configFile = 'projector_config.pbtxt';
const where = 'TensorBoardLog.embeddings';

/** Where they lie below the log's folder: no name leads out of it, and two names to two folders. */
function folderOf({ step, name }: SavedEmbeddings): string {
  const safe = Buffer.from(name)
    .toString('latin1')
    .replaceAll(/[^A-Za-z0-9_-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `projector/${safe}/${String(step).padStart(8, '0')}`;
}

/** Writes `tensors.tsv` and `metadata.tsv` of vectors. */
export async function writeEmbeddings(
  folder: string,
  step: number,
  name: string,
  vectors: NdArray,
  metadata: EmbeddingsOptions['metadata'],
): Promise<SavedEmbeddings> {
  if (!isNdArray(vectors)) throw new InvalidOptionError(where, 'vectors', 'an NdArray [count, dim]', vectors);
  const [count, dim] = vectors.shape;
  if (vectors.shape.length !== 2 || !(count! > 0) || !(dim! > 0))
    throw new ShapeError(where, 'vectors', '[count, dim], not empty', `[${vectors.shape.join(', ')}]`);
  const rows = metadata === undefined ? undefined : metadataRows(metadata, count!);
  const saved = { step, name, hasMetadata: rows !== undefined };
  const target = join(folder, folderOf(saved));
  await makeFolder(target);
  await writeWhole(join(target, 'tensors.tsv'), tensorLines(vectors.data as ArrayLike<number>, count!, dim!));
  if (rows !== undefined) await writeWhole(join(target, 'metadata.tsv'), `${rows.join('\n')}\n`);
  return saved;
}

/** Writes what the projector shows. */
export async function writeProjectorConfig(folder: string, saved: readonly SavedEmbeddings[]): Promise<void> {
  const entries = saved.map((embeddings) => {
    const path = folderOf(embeddings);
    return [
      'embeddings {',
      `  tensor_name: ${quoted(`${embeddings.name}/step-${embeddings.step}`)}`,
      `  tensor_path: ${quoted(`${path}/tensors.tsv`)}`,
      ...(embeddings.hasMetadata ? [`  metadata_path: ${quoted(`${path}/metadata.tsv`)}`] : []),
      '}\n',
    ].join('\n');
  });
  await writeWhole(join(folder, configFile), entries.join(''));
}

/** A string of protobuf's text format, in ASCII. */
function quoted(text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  const escaped = bytes.replaceAll(/[^ !#-[\]-~]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `"${escaped}"`;
}

/** Nine digits hold a number of 32 bits. */
function* tensorLines(data: ArrayLike<number>, count: number, dim: number): Generator<string> {
  for (let row = 0; row < count; row++) {
    const cells = Array.from({ length: dim }, (_, column) => Number(Number(data[row * dim + column]).toPrecision(9)));
    yield `${cells.join('\t')}\n`;
  }
}

function metadataRows(metadata: NonNullable<EmbeddingsOptions['metadata']>, count: number): readonly string[] {
  const columns: Readonly<Record<string, readonly (string | number)[]>> = isList(metadata)
    ? { label: metadata }
    : metadata;
  const names = Object.keys(columns);
  for (const name of names) {
    const option = isList(metadata) ? 'metadata' : `metadata.${name}`;
    const column: unknown = columns[name];
    if (!Array.isArray(column)) throw new InvalidOptionError(where, option, 'a list of texts', column);
    if (column.length !== count)
      throw new ShapeError(where, option, `${count} texts, one per vector`, `${column.length}`);
  }
  if (names.length === 0) throw new InvalidOptionError(where, 'metadata', 'a list, or columns by name', metadata);
  const rows = Array.from({ length: count }, (_, row) => names.map((name) => cellOf(columns[name]![row]!)).join('\t'));
  // One column has no header; that of several is their names.
  return names.length === 1 ? rows : [names.map(cellOf).join('\t'), ...rows];
}

/** What would end a cell is a space in it; an empty line would be passed over, and all labels behind it shifted. */
const cellOf = (text: string | number): string => String(text).replaceAll(/[\t\r\n]/g, ' ') || '-';

const isList = (metadata: object): metadata is readonly (string | number)[] => Array.isArray(metadata);
