import { readFileSync } from 'node:fs';
import { withHalf } from './half.js';

interface GoldenArray {
  readonly shape: number[];
  readonly data: number[];
}

interface GoldenCase<Options = Readonly<Record<string, number>>> {
  readonly options: Options;
  readonly inputs: GoldenArray[];
  readonly loss: number;
  readonly gradients: GoldenArray[];
}

interface VicreglOptions {
  readonly alpha?: number;
  readonly lambda?: number;
  readonly mu?: number;
  readonly nu?: number;
  readonly eps?: number;
  readonly numMatches?: [number, number];
}

interface Dense {
  readonly detCon: readonly (GoldenCase & { readonly name: 'B' | 'S'; readonly masks: [GoldenArray, GoldenArray] })[];
  readonly denseCL: readonly (GoldenCase & {
    readonly features: [GoldenArray, GoldenArray];
    readonly negatives: GoldenArray[];
  })[];
  readonly vicregl: readonly (GoldenCase<VicreglOptions> & {
    readonly views: [number, number];
    readonly grids: GoldenArray[];
  })[];
  readonly patchKernelAlignment: readonly (GoldenCase & {
    readonly teacher: GoldenArray;
    readonly mask?: GoldenArray;
  })[];
  readonly roi: readonly (GoldenCase<{ readonly height: number; readonly width: number }> & {
    readonly boxes: GoldenArray;
    readonly weights: GoldenArray;
    readonly values: GoldenArray;
  })[];
}

/** Made by generate_dense.py in float64. */
export const dense = withHalf(
  'dense.json',
  JSON.parse(readFileSync(new URL('dense.json', import.meta.url), 'utf8')) as Dense,
);
