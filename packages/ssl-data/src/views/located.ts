import { InvalidOptionError } from '@selfsup/ssl-core';
import { type Image, imageSize } from '../image/image.js';
import { type Edges, edgesOf } from './edges.js';
import { checkViewFunctions, type DescribedView, describedView, isDescribed, type ViewSpec } from './view.js';

/** An image that says where it lies in the picture that it is a view of. */
export interface LocatedImage extends Image {
  /** In pixels of the picture. */
  readonly edges: Edges;
}

/** Built-in views whose results are upright parts of their inputs, perhaps mirrored and of another size or colour. */
const upright = new Set([
  'boxBlur',
  'centerCrop',
  'colorJitter',
  'cutout',
  'gaussianBlur',
  'horizontalFlip',
  'randomAutocontrast',
  'randomCrop',
  'randomEqualize',
  'randomErasing',
  'randomGrayscale',
  'randomInvert',
  'randomPosterize',
  'randomResizedCrop',
  'randomSharpness',
  'resize',
  'resizeShortSide',
  'solarize',
  'verticalFlip',
]);

/** The first kind within a view that turns or bends the picture, or of which nothing is known. */
function unlocatable({ kind, options }: ViewSpec): string | undefined {
  if (kind === 'compose') return (options as readonly ViewSpec[]).map(unlocatable).find((found) => found !== undefined);
  if (kind === 'randomApply') return unlocatable((options as { readonly view: ViewSpec }).view);
  return upright.has(kind) ? undefined : kind;
}

/**
 * A view that says where its result lies in the picture: a loader all of whose views are located delivers `boxes` beside
 * `views`, which losses take that compare the same places of two views (VICRegL). Goes around all of a view:
 * `located(compose(randomResizedCrop({ size: 32 }), horizontalFlip()))`.
 *
 * @param view of crops, flips, sizes, colours and blurs; what turns or bends a picture has no edges
 * @returns the same view; its images are {@link LocatedImage}s
 * @throws InvalidOptionError for a view of one's own, and for one that turns or bends
 */
export function located(view: DescribedView): DescribedView {
  checkViewFunctions('located', [view]);
  const expected = 'a built-in view of crops, flips, sizes, colours and blurs';
  if (!isDescribed(view)) throw new InvalidOptionError('located', 'view', expected, 'a view of your own');
  const { spec, steps } = view;
  const kind = unlocatable(spec);
  if (kind !== undefined) throw new InvalidOptionError('located', 'view', expected, kind);
  return describedView(
    'located',
    { view: spec },
    {
      draw: (height, width, random) => steps.draw(height, width, random),
      apply: (image, parameters): LocatedImage => {
        const [height, width] = imageSize(image, 'located');
        const { data, shape } = steps.apply(image, parameters);
        const { top, left, bottom, right } = edgesOf(steps, height, width, parameters);
        return {
          data,
          shape,
          edges: { top: top * height, left: left * width, bottom: bottom * height, right: right * width },
        };
      },
      outputSize: (height, width, parameters) => steps.outputSize?.(height, width, parameters) ?? [height, width],
    },
  );
}
