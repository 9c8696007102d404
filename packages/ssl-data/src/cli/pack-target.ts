import type { Dataset, ImageSample } from '../dataset/dataset.js';

/** How a source is packed, whatever the target. */
export interface PackTargetOptions {
  /** Replace what is there. */
  readonly overwrite: boolean;
  readonly encode?: { readonly format: 'png' | 'jpeg' | 'webp'; readonly quality?: number };
  readonly pattern?: string;
  readonly maxSamples?: number;
  readonly maxBytes?: number;
  /** Told once where packing has to wait to see whether the folder's last writer lives. */
  readonly onWait?: (note: string) => void;
  /** Called after every sample; packing ends, and takes back what it wrote, with the error that this throws. */
  readonly onProgress: (progress: { readonly samples: number; readonly bytes: number }) => void;
}

/** What was packed. */
export interface Packed {
  readonly samples: number;
  readonly bytes: number;
  /** Paths of what was written. */
  readonly files: readonly string[];
}

/** A format that `ssl-data pack --to` writes. */
export interface PackTarget {
  /** Options of the command that it takes besides those that all take. */
  readonly options: readonly ('pattern' | 'max-samples' | 'max-bytes' | 'format' | 'quality')[];
  /** Writes all or, when it throws, nothing. */
  pack(dataset: Dataset<ImageSample>, out: string, options: PackTargetOptions): Promise<Packed>;
}
