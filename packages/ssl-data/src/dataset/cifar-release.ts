/** The parts of CIFAR as published in its binary version. */
export interface CifarRelease {
  readonly url: string;
  readonly archive: string;
  readonly md5: string;
  /** Bytes of the archive. */
  readonly bytes: number;
  /** Folder inside the archive. */
  readonly folder: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** One entry per label byte of a record, in order: how many classes, and the file with their names. */
  readonly labels: readonly { readonly kind: 'fine' | 'coarse'; readonly classes: number; readonly names: string }[];
}

/** Number of classes, which tells the two data sets apart. */
export type CifarVariant = 10 | 100;

/**
 * CIFAR-10 and CIFAR-100, binary version.
 *
 * Source: https://www.cs.toronto.edu/~kriz/cifar.html, with the MD5 sums given there; Krizhevsky 2009, 'Learning
 * multiple layers of features from tiny images'.
 */
export const cifarReleases: Readonly<Record<CifarVariant, CifarRelease>> = {
  10: {
    url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
    archive: 'cifar-10-binary.tar.gz',
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
    bytes: 170_052_171,
    folder: 'cifar-10-batches-bin',
    train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
    test: ['test_batch.bin'],
    labels: [{ kind: 'fine', classes: 10, names: 'batches.meta.txt' }],
  },
  100: {
    url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
    archive: 'cifar-100-binary.tar.gz',
    md5: '03b5dce01913d631647c71ecec9e9cb8',
    bytes: 168_513_733,
    folder: 'cifar-100-binary',
    train: ['train.bin'],
    test: ['test.bin'],
    labels: [
      { kind: 'coarse', classes: 20, names: 'coarse_label_names.txt' },
      { kind: 'fine', classes: 100, names: 'fine_label_names.txt' },
    ],
  },
};
