import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
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
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-core';
import { einsumRules } from './einsum.js';

const sizes: Readonly<Record<string, number>> = { b: 2, h: 3, i: 4, j: 5, k: 3, d: 6, l: 2, z: 0, o: 1 };

/** Shapes of the operands of an equation. */
const shapesOf = (equation: string): number[][] =>
  equation
    .replaceAll(' ', '')
    .split('->')[0]!
    .split(',')
    .map((term) => Array.from(term, (label) => sizes[label]!));

const summed = (
  equation: string,
  make: (shape: readonly number[]) => ReturnType<typeof floats>,
  gradient = make === floats,
): ConformanceCase =>
  agrees(
    `einsum ${equation}`,
    shapesOf(equation).map((shape) => make(shape)),
    ((...x: tf.Tensor[]) => tf.einsum(equation, ...x)) as never,
    { scaled: 1e-6, gradient },
  );

const products = [
  'ij,jk->ik',
  'ij,jk->ki',
  'ji,jk->ik',
  'ij,kj->ik',
  'ji,kj->ki',
  ' i j , j k -> i k ',
  'bij,bjk->bik',
  'bij,bkj->bki',
  'bij,jk->bik',
  'ij,bjk->bik',
  'ibj,kjb->kbi',
  'bihd,bkhd->bhik',
  'bhik,bkhd->bihd',
  'bijk,jkl->bil',
  'ijkl,lkjb->bi',
  'bhj,bji->bhi',
  'ij,j->i',
  'j,ij->i',
  'bij,bj->bi',
  'i,i->',
  'ij,ij->',
  'bi,bi->b',
  'ibj,jib->b',
  'oj,jo->o',
];
const outer = ['i,j->ij', 'i,j->ji', 'ij,kl->ijkl', 'bi,bj->bij', 'ij,ij->ij', 'ij,ji->ji', 'ij,j->ij', 'bij,ib->jib'];
const lone = ['ij,jk->i', 'ji,jk->k', 'ji,jk->', 'bji,bjk->b', 'bijk,jl->bi', 'ij,ik->', 'bij,bk->'];
const scalars = [',->', ',ij->ji', 'ij,->i', 'i,->'];
const single = ['ij->ji', 'ij->i', 'ij->j', 'ij->', 'bij->jb', 'bhij->jhb', 'i->', 'oij->jio'];
const empty = ['iz,zk->ik', 'zj,jk->zk', 'ij,jz->iz', 'iz->i', 'z->', 'zi,zj->zij', 'z,z->'];

describeConformance('einsum', einsumRules, [
  ...[...products, ...outer, ...lone, ...scalars, ...single].flatMap((equation) => [
    summed(equation, floats),
    summed(equation, ints),
    summed(equation, bools),
  ]),
  // TF.js returns the operand itself.
  ...['ij->ij', '->'].flatMap((equation) => [floats, ints, bools].map((make) => summed(equation, make, false))),
  ...empty.flatMap((equation) => [summed(equation, floats), summed(equation, ints)]),
  agrees('einsum of one tensor with itself', [floats([4, 5])], (x) => tf.einsum('ij,kj->ik', x, x), { scaled: 1e-6 }),
  agrees('einsum of attention', [floats([2, 7, 3, 4]), floats([2, 9, 3, 4]), floats([2, 9, 3, 4])], (q, k, v) =>
    tf.einsum('bhqk,bkhd->bqhd', tf.softmax(tf.einsum('bqhd,bkhd->bhqk', q, k)), v),
  ),
  agreesInValue(
    'einsum of special numbers',
    [exactly([NaN, 1, Infinity, 1, -Infinity, 0], [3, 2]), exactly([1, 2, 1, 0], [2, 2])],
    (a, b) => [tf.einsum('ij,jk->ik', a, b), tf.einsum('ij,jk->i', a, b), tf.einsum('ij,kj->ikj', a, b)],
  ),
]);

describe('equations that are refused', () => {
  const run = async (equation: string, shapes: readonly (readonly number[])[]): Promise<unknown> =>
    compile((x: tf.Tensor[]) => tf.einsum(equation, ...x))(
      shapes.map((shape) => ({ data: new Float32Array(shape.reduce((size, length) => size * length, 1)), shape })),
    );

  it.each<[string, string, number[][]]>([
    [
      'without an arrow',
      'ij,jk',
      [
        [2, 3],
        [3, 4],
      ],
    ],
    ['with an ellipsis', '...i->i', [[2, 3]]],
    ['with a label twice in an operand', 'ii->i', [[2, 2]]],
    ['with a label twice in the output', 'i->ii', [[2]]],
    ['with an output label from nowhere', 'i->j', [[2]]],
    ['for another number of operands', 'ij,jk->ik', [[2, 3]]],
    ['with three operands', 'i,i,i->i', [[2], [2], [2]]],
    ['where TF.js leaves an operand out', 'ij,i->i', [[2, 3], [2]]],
    [
      'where TF.js misplaces an operand',
      'ij,jk->k',
      [
        [2, 3],
        [3, 4],
      ],
    ],
  ])('%s', async (_, equation, shapes) => {
    await expect(run(equation, shapes)).rejects.toThrow(InvalidOptionError);
  });

  it.each<[string, number[][]]>([
    [
      'another rank',
      [
        [2, 3, 1],
        [3, 4],
      ],
    ],
    [
      'another size',
      [
        [2, 3],
        [4, 4],
      ],
    ],
  ])('operands of %s', async (_, shapes) => {
    await expect(run('ij,jk->ik', shapes)).rejects.toThrow(ShapeError);
  });

  it('operands of two dtypes', async () => {
    const product = compile((x: tf.Tensor) => tf.einsum('i,i->', x, tf.cast(x, 'int32')));
    await expect(product({ data: Float32Array.of(1, 2), shape: [2] })).rejects.toThrow(InvalidOptionError);
  });
});
