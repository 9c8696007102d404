import { type CifarOptions, CifarDataset } from '../dataset/cifar-dataset.js';
import type { SourcePlace } from './source-place.js';
import type { SourceRecogniser } from './source-recogniser.js';

/** CIFAR-10 and CIFAR-100 as published. */
export const cifarSource: SourceRecogniser = {
  kind: 'cifar',
  description: 'CIFAR-10 or CIFAR-100, binary version (folder or cifar-10-binary.tar.gz)',
  options: ['variant', 'labels', 'maxBytes'],
  recognises: (place) => variantOf(place) !== undefined,
  async open(place, { split = 'train', options }) {
    // Where the files tell nothing, CifarDataset says which it looked for.
    const dataset = await CifarDataset.open(place.location, {
      variant: variantOf(place) ?? 10,
      split,
      ...(options as Partial<CifarOptions>),
    });
    return {
      kind: 'cifar',
      content: 'images',
      dataset,
      classes: dataset.classes,
      leftOut: [],
      labels: () => Promise.resolve(dataset.labels),
      close: () => Promise.resolve(),
    };
  },
};

/** Also of the pickled version, of which CifarDataset says what to fetch instead. */
function variantOf({ form, name, files }: SourcePlace): 10 | 100 | undefined {
  if (form === 'file') {
    const variant = /^cifar-(10|100)-(?:binary|python)\.(?:tar|tar\.gz|tgz)$/i.exec(name)?.[1];
    return variant === undefined ? undefined : variant === '10' ? 10 : 100;
  }
  const holds = (pattern: RegExp): boolean => files.some((file) => pattern.test(file));
  if (holds(/^(?:cifar-10-batches-(?:bin|py)\/)?(?:data_batch_[1-5]|test_batch)(?:\.bin)?$/)) return 10;
  if (holds(/^cifar-100-(?:binary|python)\/(?:train|test)(?:\.bin)?$/)) return 100;
  return holds(/^train\.bin$/) && holds(/^(?:fine_label_names\.txt|test\.bin)$/) ? 100 : undefined;
}
