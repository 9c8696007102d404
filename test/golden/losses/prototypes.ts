import { readFileSync } from 'node:fs';
import { withHalf } from './half.js';

interface GoldenArray {
  readonly shape: number[];
  readonly data: number[];
}

interface GoldenCase {
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly inputs: GoldenArray[];
  readonly loss: number;
  readonly gradients: GoldenArray[];
}

type WithTeacher = GoldenCase & { readonly teacher: GoldenArray[] };

/** Steps that share a centre, and the centre that each leaves. */
interface Steps<T = unknown> {
  readonly steps: readonly (WithTeacher & T & { readonly center: GoldenArray })[];
}

interface Assignment {
  readonly options: { readonly epsilon: number; readonly iterations: number };
  readonly scores: GoldenArray;
  readonly codes: GoldenArray;
}

interface Prototypes {
  readonly teacherTemperature: readonly { readonly options: Record<string, number>; readonly values: number[] }[];
  readonly dino: readonly Steps[];
  readonly ibot: readonly Steps<{ readonly mask: GoldenArray }>[];
  readonly ibotPlusPlus: readonly Steps<{ readonly mask?: GoldenArray }>[];
  readonly sinkhorn: readonly Assignment[];
  readonly positionwise: readonly Assignment[];
  readonly swav: readonly (GoldenCase & { readonly high: number; readonly queue: GoldenArray[] })[];
  readonly koleo: readonly GoldenCase[];
  readonly prototypeMatching: readonly (WithTeacher & { readonly name: string; readonly prior?: GoldenArray })[];
  readonly capi: readonly (WithTeacher & { readonly index?: GoldenArray })[];
}

/** Made by generate_prototypes.py in float64. */
export const prototypes = withHalf(
  'prototypes.json',
  JSON.parse(readFileSync(new URL('prototypes.json', import.meta.url), 'utf8')) as Prototypes,
);
