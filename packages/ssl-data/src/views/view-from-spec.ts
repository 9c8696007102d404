import { DataError, InvalidOptionError } from 'ssl-tensor/host';
import { callExport, type ModuleExport, moduleSpecifier } from '../io/import-export.js';
import { autoAugment } from './auto-augment.js';
import { boxBlur } from './box-blur.js';
import { centerCrop } from './center-crop.js';
import { colorJitter } from './color-jitter.js';
import { compose } from './compose.js';
import { cutout } from './cutout.js';
import { horizontalFlip, verticalFlip } from './flip.js';
import { gaussianBlur } from './gaussian-blur.js';
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
};

function builtInView(spec: ViewSpec): DescribedView {
  // Own names only: a recipe read from a file must not reach `constructor`.
  const make = Object.hasOwn(makers, spec.kind) ? makers[spec.kind] : undefined;
  if (make === undefined)
    throw new InvalidOptionError('view', 'kind', `one of ${Object.keys(makers).join(', ')}`, spec.kind);
  return make(spec.options as never);
}

/** Recipe of a view for another thread; `undefined` for a function of one's own. */
export function specOfView(view: View | ModuleView): ViewSpec | undefined {
  return typeof view === 'function' ? view.spec : moduleSpec(view);
}

function moduleSpec({ module, exportName, options }: ModuleView): ViewSpec {
  const described: ModuleExport = { module: moduleSpecifier(module), exportName, options };
  return { kind: 'module', options: described };
}

/** The views as functions; imports those that are described by a module. Throws {@link DataError} when one cannot be had. */
export async function resolveViews(views: readonly (View | ModuleView)[]): Promise<readonly View[]> {
  const resolved: View[] = [];
  for (const view of views) {
    resolved.push(typeof view === 'function' ? view : await viewFromSpec(moduleSpec(view)));
  }
  return resolved;
}

/** Makes a view from its recipe; throws {@link DataError} when its module does not deliver one. */
export async function viewFromSpec(spec: ViewSpec): Promise<View> {
  if (spec.kind !== 'module') return builtInView(spec);
  const described = spec.options as ModuleExport;
  const view = await callExport(described);
  if (typeof view !== 'function')
    throw new DataError(
      `'${described.exportName}' must return a view (a function of image and random stream), got ${typeof view}`,
      { path: described.module },
    );
  return view as View;
}
