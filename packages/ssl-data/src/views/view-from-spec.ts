import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { callExport, type ModuleExport, moduleSpecifier } from '../io/import-export.js';
import { autoAugment } from './auto-augment.js';
import { boxBlur } from './box-blur.js';
import { centerCrop } from './center-crop.js';
import { colorJitter } from './color-jitter.js';
import { compose } from './compose.js';
import { cutout } from './cutout.js';
import { horizontalFlip, verticalFlip } from './flip.js';
import { gaussianBlur } from './gaussian-blur.js';
import { located } from './located.js';
import { randAugment } from './rand-augment.js';
import { randomAffine } from './random-affine.js';
import { randomApply } from './random-apply.js';
import { randomAutocontrast } from './random-autocontrast.js';
import { randomCrop } from './random-crop.js';
import { randomEqualize } from './random-equalize.js';
import { randomErasing } from './random-erasing.js';
import { randomGrayscale } from './random-grayscale.js';
import { randomInvert } from './random-invert.js';
import { randomPosterize } from './random-posterize.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { randomRotation } from './random-rotation.js';
import { randomSharpness } from './random-sharpness.js';
import { resizeShortSide } from './resize-short-side.js';
import { resize } from './resize.js';
import { solarize } from './solarize.js';
import { trivialAugmentWide } from './trivial-augment-wide.js';
import type { DescribedView, ModuleView, View, ViewSpec } from './view.js';
import { composeVolume } from './volume/compose-volume.js';
import { randomIntensityScale, randomIntensityShift } from './volume/random-intensity.js';
import { randomVolumeCrop } from './volume/random-volume-crop.js';
import { randomVolumeFlip } from './volume/random-volume-flip.js';
import { randomVolumeNoise } from './volume/random-volume-noise.js';
import { randomVolumeRotate90 } from './volume/random-volume-rotate90.js';
import type { VolumeView } from './volume/volume.js';

const makers: Readonly<Record<string, (options: never) => DescribedView>> = {
  autoAugment,
  boxBlur,
  centerCrop,
  colorJitter,
  cutout,
  gaussianBlur,
  horizontalFlip,
  randAugment,
  randomAffine,
  randomAutocontrast,
  randomCrop,
  randomEqualize,
  randomErasing,
  randomGrayscale,
  randomInvert,
  randomPosterize,
  randomResizedCrop,
  randomRotation,
  randomSharpness,
  resize,
  resizeShortSide,
  solarize,
  trivialAugmentWide,
  verticalFlip,
  compose: (specs: readonly ViewSpec[]) => compose(...specs.map(builtInView)),
  randomApply: ({ view, p }: { view: ViewSpec; p: number }) => randomApply(builtInView(view), p),
  located: ({ view }: { view: ViewSpec }) => located(builtInView(view)),
};

const volumeMakers: Readonly<Record<string, (options: never) => VolumeView>> = {
  randomIntensityScale,
  randomIntensityShift,
  randomVolumeCrop,
  randomVolumeFlip,
  randomVolumeNoise,
  randomVolumeRotate90,
  composeVolume: (specs: readonly ViewSpec[]) => composeVolume(...specs.map(builtInVolumeView)),
};

function builtInView(spec: ViewSpec): DescribedView {
  return madeBy(makers, spec);
}

function builtInVolumeView(spec: ViewSpec): VolumeView {
  return madeBy(volumeMakers, spec);
}

function madeBy<V>(known: Readonly<Record<string, (options: never) => V>>, { kind, options }: ViewSpec): V {
  // Own names only: a recipe read from a file must not reach `constructor`.
  const make = Object.hasOwn(known, kind) ? known[kind] : undefined;
  if (make === undefined) throw new InvalidOptionError('view', 'kind', `one of ${Object.keys(known).join(', ')}`, kind);
  return make(options as never);
}

/** A view of images or of volumes. */
export type AnyView = View | VolumeView;

/** Recipe of a view for another thread; `undefined` for a function of one's own. */
export function specOfView(view: AnyView | ModuleView): ViewSpec | undefined {
  return typeof view === 'function' ? view.spec : moduleSpec(view);
}

function moduleSpec({ module, exportName, options }: ModuleView): ViewSpec {
  const described: ModuleExport = { module: moduleSpecifier(module), exportName, options };
  return { kind: 'module', options: described };
}

/** The views as functions; imports those that are described by a module. Throws {@link DataError} when one cannot be had. */
export async function resolveViews<V extends AnyView>(views: readonly (V | ModuleView)[]): Promise<readonly V[]> {
  const resolved: V[] = [];
  for (const view of views) {
    resolved.push(typeof view === 'function' ? view : ((await importedView(moduleSpec(view))) as V));
  }
  return resolved;
}

/** Makes a view of images from its recipe; throws {@link DataError} when its module does not deliver one. */
export async function viewFromSpec(spec: ViewSpec): Promise<View> {
  return spec.kind === 'module' ? ((await importedView(spec)) as View) : builtInView(spec);
}

/** The same for a view of images or volumes. */
export async function anyViewFromSpec(spec: ViewSpec): Promise<AnyView> {
  return Object.hasOwn(volumeMakers, spec.kind) ? builtInVolumeView(spec) : viewFromSpec(spec);
}

async function importedView(spec: ViewSpec): Promise<AnyView> {
  const described = spec.options as ModuleExport;
  const view = await callExport(described);
  if (typeof view !== 'function')
    throw new DataError(
      `'${described.exportName}' must return a view (a function of image or volume and random stream), got ${typeof view}`,
      { path: described.module },
    );
  return view as AnyView;
}
