import type { StateDict } from '@selfsup/ssl-nn';
import { CheckpointError } from '@selfsup/ssl-tensor/host';

/** Sizes that every family's configuration has. */
interface ConfiguredSizes {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly maxPositionEmbeddings: number;
  readonly embeddingSize?: number;
}

/** The last part of the name of a feed-forward part's first matrix, in a layer. */
const feedForward = ['intermediate.dense.weight', 'ffn.lin1.weight', 'mlp.Wi.weight'] as const;

/**
 * A configuration may say much: the file must have the largest matrices before memory is taken for them.
 *
 * @param config of any family
 * @throws CheckpointError naming the first tensor that is missing or of another size
 */
export function checkFileSizes(tensors: StateDict, config: object, path: string): void {
  const sizes = config as ConfiguredSizes;
  const { vocabSize, hiddenSize, intermediateSize, numHiddenLayers, maxPositionEmbeddings } = sizes;
  const names = [...tensors.keys()];
  const ending = (end: string): string | undefined => names.find((name) => name === end || name.endsWith(`.${end}`));
  const check = (name: string, shape: readonly number[]): void => {
    const found = tensors.get(name)?.shape;
    if (found?.join() === shape.join()) return;
    const has = found === undefined ? 'does not have it' : `has [${found.join(', ')}]`;
    throw new CheckpointError(`says by its configuration that '${name}' is [${shape.join(', ')}], and ${has}`, {
      path,
      parameter: name,
    });
  };
  const width = sizes.embeddingSize ?? hiddenSize;
  const words = ending('embeddings.word_embeddings.weight') ?? ending('embeddings.tok_embeddings.weight');
  check(words ?? 'embeddings.word_embeddings.weight', [vocabSize, width]);
  const places = ending('embeddings.position_embeddings.weight');
  if (places !== undefined) check(places, [maxPositionEmbeddings, width]);
  const first = feedForward.flatMap((end) => {
    const name = names.find((each) => new RegExp(`(?:^|\\.)layers?\\.0\\.${end.replaceAll('.', '\\.')}$`).test(each));
    return name === undefined ? [] : [{ start: name.slice(0, -`0.${end}`.length), end }];
  })[0] ?? { start: 'encoder.layer.', end: feedForward[0] };
  // A gated one has value and gate in one matrix.
  const rows = first.end === 'mlp.Wi.weight' ? 2 * intermediateSize : intermediateSize;
  for (let layer = 0; layer < numHiddenLayers; layer++)
    check(`${first.start}${layer}.${first.end}`, [rows, hiddenSize]);
  checkWeightCount(tensors, config, path);
}

/** Sizes of any family; one that a family does not have counts for nothing. */
type Sizes = Partial<
  Record<
    | 'vocabSize'
    | 'hiddenSize'
    | 'embeddingSize'
    | 'numHiddenLayers'
    | 'intermediateSize'
    | 'maxPositionEmbeddings'
    | 'maxRelativePositions'
    | 'positionBuckets'
    | 'typeVocabSize'
    | 'convKernelSize',
    number
  >
>;

/** Weights that a file may lack before memory is taken for them: what is wrong is then said tensor by tensor. */
const spareWeights = 2 ** 20;

/** @throws CheckpointError for sizes that make a model far beyond the file */
function checkWeightCount(tensors: StateDict, config: object, path: string): void {
  const sizes = config as Sizes;
  const of = (name: keyof Sizes): number => Math.max(0, sizes[name] ?? 0);
  const width = of('hiddenSize');
  const rows = of('vocabSize') + of('typeVocabSize') + of('maxPositionEmbeddings');
  // Relative positions go both ways.
  const places = 2 * Math.max(of('maxRelativePositions'), of('positionBuckets')) + of('convKernelSize') * width;
  // ModernBERT's positions have no weights, and its table of them is as long as the text.
  const absolute = 'layerTypes' in config ? rows - of('maxPositionEmbeddings') : rows;
  const layer = 4 * width * width + 2 * width * of('intermediateSize');
  const wanted = absolute * (sizes.embeddingSize ?? width) + places * width + of('numHiddenLayers') * layer;
  let found = 0;
  for (const { data } of tensors.values()) found += data.length;
  if (wanted <= 4 * found + spareWeights) return;
  throw new CheckpointError(
    `the configuration describes a model of ${wanted} weights and more, the file has ${found}: take the configuration that was saved with it`,
    { path },
  );
}
