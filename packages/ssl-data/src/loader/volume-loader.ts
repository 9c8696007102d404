import type { ModuleView } from '../views/view.js';
import type { VolumeView } from '../views/volume/volume.js';
import type { VolumeBatch, VolumeViewBatch } from './batch-loader.js';
import type { LoaderOptions } from './data-loader-options.js';
import { LoaderCore } from './loader-core.js';
import type { VolumeSample } from '../dataset/volume-folder-dataset.js';

export type VolumeLoaderOptions = LoaderOptions<VolumeSample, VolumeView>;

/** What a loader with these options delivers. */
export type VolumeBatchOf<O extends VolumeLoaderOptions> = O extends {
  readonly views: readonly (VolumeView | ModuleView)[];
}
  ? VolumeViewBatch
  : 'views' extends keyof O
    ? VolumeViewBatch | VolumeBatch
    : VolumeBatch;

/**
 * Shuffled, augmented batches of volumes, float32, built ahead in worker threads: what `DataLoader` is for images.
 *
 * ```ts
 * const dataset = await VolumeFolderDataset.open('scans');
 * const view = composeVolume(randomVolumeCrop({ size: 64 }), randomVolumeFlip());
 * const loader = new VolumeLoader({ dataset, views: twoViews(view), batchSize: 8 });
 * ```
 *
 * @throws InvalidOptionError
 */
export class VolumeLoader<const O extends VolumeLoaderOptions> extends LoaderCore<O, VolumeBatchOf<O>> {}
