import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  agrees,
  agreesInValue,
  bools,
  type ConformanceCase,
  describeConformance,
  exactly,
  floats,
  ints,
} from '../../../../test/support/lowering-conformance.js';
import { compile } from '../compile/compile.js';
import { UnsupportedOpError } from '@selfsup/ssl-core';
import { imageRules } from './image.js';

type Size = [number, number];

interface Resize {
  readonly images: readonly number[];
  readonly size: Size;
}

const resizes: readonly Resize[] = [
  { images: [2, 4, 4, 3], size: [8, 8] },
  { images: [2, 8, 8, 3], size: [4, 4] },
  { images: [1, 5, 5, 2], size: [7, 3] },
  { images: [1, 7, 7, 1], size: [3, 11] },
  { images: [3, 6, 6, 2], size: [6, 6] },
  { images: [1, 6, 6, 2], size: [6, 4] },
  { images: [2, 5, 5, 3], size: [1, 1] },
  { images: [1, 50, 50, 1], size: [50, 99] },
];

/** Images with another height than width: TF.js swaps both in the shape of the bilinear gradient. */
const wideResizes: readonly Resize[] = [
  { images: [2, 3, 5, 3], size: [6, 4] },
  { images: [1, 7, 2, 1], size: [3, 9] },
  { images: [1, 1, 6, 2], size: [4, 3] },
  { images: [1, 6, 1, 2], size: [3, 4] },
  { images: [2, 1, 1, 3], size: [3, 2] },
];

const alignments = [
  { name: '', alignCorners: false, halfPixelCenters: false },
  { name: ' with corners', alignCorners: true, halfPixelCenters: false },
  { name: ' with half pixels', alignCorners: false, halfPixelCenters: true },
] as const;

function resizeCases(name: 'resizeBilinear' | 'resizeNearestNeighbor'): ConformanceCase[] {
  return alignments.flatMap(({ name: suffix, alignCorners, halfPixelCenters }) => {
    const title = (size: Size): string => `${name} to ${size.join(' by ')}${suffix}`;
    const run = (size: Size) => (x: never) => tf.image[name](x, size, alignCorners, halfPixelCenters);
    // TF.js's gradient of the nearest pixels is wrong from the second image on.
    const differentiable = (images: readonly number[]) =>
      name === 'resizeBilinear' ? images : [1, ...images.slice(1)];
    return [
      ...resizes.flatMap(({ images, size }) => [
        agrees(title(size), [floats(differentiable(images))], run(size)),
        agreesInValue(title(size), [ints(images)], run(size)),
      ]),
      ...wideResizes.map(({ images, size }) => agreesInValue(title(size), [floats(images)], run(size))),
      agrees(`${title([5, 3])} of one image`, [floats([4, 4, 2])], run([5, 3])),
    ];
  });
}

const whole = [0, 0, 1, 1];
/** Boxes as y1, x1, y2, x2; each list is one case. */
const boxLists: Readonly<Record<string, readonly (readonly number[])[]>> = {
  'the whole image': [whole, whole],
  'parts of it': [
    [0.1, 0.2, 0.7, 0.9],
    [0.25, 0.5, 0.75, 1],
    [0, 0, 0.5, 0.5],
  ],
  'flipped boxes': [
    [1, 0, 0, 1],
    [0, 1, 1, 0],
    [0.9, 0.8, 0.2, 0.1],
  ],
  'boxes that reach outside': [
    [-0.5, -0.25, 1.5, 1.25],
    [0.5, 0.5, 2, 2],
    [-1, 0, 0.5, 0.5],
    [0.2, -0.1, 0.3, 0.4],
  ],
  'boxes outside': [
    [2, 2, 3, 3],
    [-2, -2, -1, -1],
  ],
  'boxes without extent': [
    [0.5, 0.5, 0.5, 0.5],
    [0, 1, 0, 1],
  ],
  'boxes that are no numbers': [
    [NaN, 0, 1, 1],
    [0, 0, 1, Infinity],
    [NaN, 2, 1, 3],
    [-Infinity, 0, 1, 1],
  ],
};

const crops: readonly Resize[] = [
  { images: [2, 4, 4, 3], size: [3, 3] },
  { images: [2, 5, 7, 1], size: [8, 4] },
  { images: [2, 6, 3, 2], size: [1, 1] },
  { images: [2, 50, 30, 2], size: [50, 59] },
  { images: [2, 1, 4, 2], size: [2, 6] },
];

function cropCases(method: 'bilinear' | 'nearest'): ConformanceCase[] {
  return Object.entries(boxLists).flatMap(([name, boxes]) =>
    crops.map(({ images, size }, index) =>
      agreesInValue(
        `cropAndResize ${method} of ${name} to ${size.join(' by ')}`,
        [
          index === 1 ? ints(images) : floats(images),
          exactly(boxes.flat(), [boxes.length, 4]),
          ints([boxes.length], 0, 2),
        ],
        (image: tf.Tensor4D, ...[box, boxInd]: [tf.Tensor2D, tf.Tensor1D]) =>
          tf.image.cropAndResize(image, box, boxInd, size, method, index === 0 ? 0 : -1.5),
      ),
    ),
  );
}

/** TF.js's own rounding decides whether the last row is inside: for every size of crop. */
const wholeImageCrops = [3, 8, 50].flatMap((height) =>
  (['bilinear', 'nearest'] as const).map((method) =>
    agreesInValue(
      `cropAndResize ${method} of whole images to 2 … 64`,
      [floats([1, height, 3, 1], 1, 2)],
      (image: tf.Tensor4D) =>
        Array.from({ length: 63 }, (_, index) =>
          tf.image.cropAndResize(image, [whole] as never, [0], [index + 2, 2], method, -9),
        ),
    ),
  ),
);

const maps: readonly (readonly number[])[] = [
  [1, 0, 0, 0, 1, 0, 0, 0],
  // Shifts, some of them by halves.
  [1, 0, 2, 0, 1, -1, 0, 0],
  [1, 0, -9.5, 0, 1, 12.25, 0, 0],
  [1, 0, -0.5, 0, 1, 0.5, 0, 0],
  // Scalings and turns.
  [0.5, 0, 0.5, 0, 0.5, -0.5, 0, 0],
  [2.3, 0, -4, 0, 1.7, -3, 0, 0],
  [0.8, -0.6, 1.2, 0.6, 0.8, -0.7, 0, 0],
  [-1, 0, 3, 0, -1, 3, 0, 0],
  // Projections, two of them through infinity.
  [1.1, 0.2, -1, 0.1, 0.9, 0.4, 0.05, -0.03],
  [1, 0, 0, 0, 1, 0, -0.5, 0],
  [1, 0, 0.3, 0, 1, -0.2, -0.25, -0.25],
  // Far places, and none.
  [1, 0, 1e6, 0, 1, -1e6, 0, 0],
  [3e9, 1, 7, 2, 5e10, -3e12, 0, 0],
  [1e30, 0, 0, 0, 1e30, 0, 0, 0],
  [NaN, 0, 0, 0, 1, 0, 0, 0],
  [1, 0, Infinity, 0, 1, 0, 0, 0],
];

const transformed: readonly { images: readonly number[]; size?: Size }[] = [
  { images: [1, 4, 6, 3] },
  { images: [1, 5, 3, 1], size: [4, 7] },
  { images: [1, 1, 1, 2], size: [3, 2] },
];

// Of one image: TF.js's CPU backend leaves the others of a batch out.
const transformCases = (['nearest', 'bilinear'] as const).flatMap((interpolation) =>
  (['constant', 'reflect', 'wrap', 'nearest'] as const).flatMap((fillMode) =>
    transformed.map(({ images, size }) =>
      agreesInValue(
        `transform ${interpolation} with ${fillMode} to ${size?.join(' by ') ?? 'the same size'}`,
        [floats(images), exactly(maps.flat(), [maps.length, 8])],
        (image: tf.Tensor4D, transforms: tf.Tensor2D) =>
          tf
            .split(transforms, maps.length)
            .map((map) => tf.image.transform(image, map as tf.Tensor2D, interpolation, fillMode, 0.75, size)),
      ),
    ),
  ),
);

type Center = number | Size;
const rotations: readonly (readonly [number, number | [number, number, number], Center])[] = [
  [0, 0, 0.5],
  [Math.PI / 2, 0, 0.5],
  [Math.PI, 7, 0.5],
  [0.3, 0, 0.5],
  [-1.2, 0.5, 0.25],
  [0.7, [1, 2, 3], [0.2, 0.9]],
  [2, 0, [2, -1]],
];

const rotationCases = [1, 3, 4, 5].map((channels) =>
  agreesInValue('rotateWithOffset', [floats([2, 5, 7, channels])], (image: tf.Tensor4D) =>
    rotations.map(([radians, fill, center]) => tf.image.rotateWithOffset(image, radians, fill, center)),
  ),
);

interface Blocks {
  readonly shape: readonly number[];
  readonly block: number[];
  readonly paddings: number[][];
}

const blocks: readonly Blocks[] = [
  {
    shape: [1, 4, 4, 3],
    block: [2, 2],
    paddings: [
      [0, 0],
      [0, 0],
    ],
  },
  {
    shape: [2, 5, 4, 2],
    block: [2, 3],
    paddings: [
      [1, 0],
      [0, 2],
    ],
  },
  { shape: [3, 6], block: [3], paddings: [[1, 2]] },
  { shape: [2, 4, 3, 2], block: [2], paddings: [[1, 1]] },
  {
    shape: [1, 2, 3, 4, 2],
    block: [1, 3, 2],
    paddings: [
      [0, 0],
      [2, 1],
      [0, 0],
    ],
  },
];

/** Shape of spaceToBatchND's result. */
const batchShape = ({ shape: [batch, ...sizes], block, paddings }: Blocks): number[] => [
  block.reduce((product, size) => product * size, batch!),
  ...sizes.map((size, axis) => {
    const [before, after] = paddings[axis] ?? [0, 0];
    return (size + before! + after!) / (block[axis] ?? 1);
  }),
];

const blockCases = blocks.flatMap((item) => {
  const toBatch = (x: tf.Tensor): tf.Tensor => tf.spaceToBatchND(x, item.block, item.paddings);
  const toSpace = (x: tf.Tensor): tf.Tensor => tf.batchToSpaceND(x, item.block, item.paddings);
  const title = `${item.block.join()} ${item.paddings.join(' ')}`;
  return [
    agrees(`spaceToBatchND ${title}`, [floats(item.shape)], toBatch),
    agreesInValue(`spaceToBatchND ${title}`, [ints(item.shape)], toBatch),
    agreesInValue(`spaceToBatchND ${title}`, [bools(item.shape)], toBatch),
    agrees(`batchToSpaceND ${title}`, [floats(batchShape(item))], toSpace),
    agreesInValue(`batchToSpaceND ${title}`, [ints(batchShape(item))], toSpace),
  ];
});

describeConformance('image', imageRules, [
  ...resizeCases('resizeBilinear'),
  ...resizeCases('resizeNearestNeighbor'),
  agrees('a scale between two resizes', [floats([2, 5, 5, 3])], (x: tf.Tensor4D) =>
    tf.image.resizeBilinear(tf.mul(tf.image.resizeBilinear(x, [9, 9]), 3), [4, 4], true),
  ),
  ...cropCases('bilinear'),
  ...cropCases('nearest'),
  ...wholeImageCrops,
  ...(['bilinear', 'nearest'] as const).map((method) =>
    agreesInValue(
      `cropAndResize ${method} of images that are not there`,
      [floats([2, 4, 5, 2]), floats([4, 4], -0.5, 1.5), exactly([2, -1, 1, 7], [4], 'int32')],
      (image: tf.Tensor4D, ...[boxes, boxInd]: [tf.Tensor2D, tf.Tensor1D]) =>
        tf.image.cropAndResize(image, boxes, boxInd, [4, 4], method, 3),
    ),
  ),
  ...transformCases,
  ...rotationCases,
  ...[
    [1, 3, 4, 2],
    [3, 2, 5, 1],
    [2, 4, 1, 3],
  ].map((shape) => agreesInValue('flipLeftRight', [floats(shape)], (x: tf.Tensor4D) => tf.image.flipLeftRight(x))),
  agreesInValue('depthToSpace 2', [floats([2, 3, 4, 8])], (x: tf.Tensor4D) => tf.depthToSpace(x, 2)),
  agreesInValue('depthToSpace 3', [floats([1, 2, 1, 9])], (x: tf.Tensor4D) => tf.depthToSpace(x, 3)),
  ...blockCases,
]);

it('refuses channels first, which TF.js does not have either', async () => {
  const toSpace = compile((x: tf.Tensor4D) => tf.depthToSpace(x, 2, 'NCHW'));
  await expect(toSpace(tf.ones([1, 4, 2, 2]))).rejects.toThrow(UnsupportedOpError);
});
