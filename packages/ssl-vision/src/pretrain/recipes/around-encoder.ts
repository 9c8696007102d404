import { foldIn, type RandomKey } from '@selfsup/ssl-core';
import type { Encoder, Module } from '@selfsup/ssl-nn';
import type { JsonValue, ParameterGroup, RunConfig } from '@selfsup/ssl-train';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { written, writtenObject } from '../written.js';
import type { BuiltMethod, Recipe } from './recipe.js';

/** What a class takes beside the options that are chosen: a key for its heads, or the head. */
interface AroundEncoder {
  readonly backbone: Encoder;
  readonly normalize: ImageStatistics;
}

/** A method by its class. */
interface MethodClass<C extends object, M extends BuiltMethod['method']> {
  /** That the class is exported by. */
  readonly name: string;
  readonly make: (options: C & AroundEncoder & { readonly key: RandomKey }) => M;
  /** A predictor with a rate of its own, written as a call of the method's `parameterGroups`. */
  readonly groups?: (method: M, learningRate: number) => readonly ParameterGroup[];
}

/** A method whose head is made apart, of some of the options. */
interface HeadedClass<C extends object, H extends Module, M extends BuiltMethod['method']> {
  readonly name: string;
  readonly make: (options: C & AroundEncoder & { readonly head: H }) => M;
  readonly head: {
    readonly name: string;
    readonly options: readonly (keyof C)[];
    readonly make: (inDim: number, options: C & { readonly key: RandomKey }) => H;
  };
  /** Where the paper evaluates another encoder than the trained one. */
  readonly kept?: { readonly of: (method: M) => Encoder; readonly written: string };
}

const isClass = (name: string): boolean => /^[A-Z]/.test(name);
const encoderLine = ({ builder, options }: { readonly builder: string; readonly options: RunConfig }): string =>
  `const backbone = ${isClass(builder) ? 'new ' : ''}${builder}(${writtenObject(options, "key: foldIn(key, 'backbone')")});`;
const headKey = "key: foldIn(key, 'head')";
const writtenStatistics = (normalize: object): string => `normalize: ${written(normalize as JsonValue)}`;
const oneGroup = '[{ parameters: method.trainable() }]';

/** How a method is built that makes its heads from a key, and how that is written. */
export const aroundEncoder = <C extends object, M extends BuiltMethod['method']>({
  name,
  make,
  groups,
}: MethodClass<C, M>): Pick<Recipe<C>, 'build' | 'write'> => ({
  build: ({ encoder, options, key, normalize }) => {
    const method = make({ ...options, backbone: encoder(), key: foldIn(key, 'head'), normalize });
    return {
      method,
      encoder: method.modules.backbone,
      ...(groups === undefined ? {} : { groups: (rate: number) => groups(method, rate) }),
    };
  },
  write: ({ architecture, options, normalize, learningRate }) => ({
    imports: [architecture.builder, name],
    lines: [
      encoderLine(architecture),
      `const method = new ${name}(${writtenObject('backbone', options, headKey, writtenStatistics(normalize))});`,
    ],
    encoder: 'backbone',
    groups: groups === undefined ? oneGroup : `method.parameterGroups(${learningRate})`,
  }),
});

/** How a method is built around an encoder and a head, and how that is written. */
export const withHead = <C extends object, H extends Module, M extends BuiltMethod['method']>({
  name,
  make,
  head,
  kept,
}: HeadedClass<C, H, M>): Pick<Recipe<C>, 'build' | 'write'> => {
  const parted = <O extends object>(options: O, ofHead: boolean): O =>
    Object.fromEntries(
      Object.entries(options).filter(([option]) => head.options.includes(option as keyof C) === ofHead),
    ) as O;
  return {
    build: ({ encoder, options, key, normalize }) => {
      const backbone = encoder();
      const own = head.make(backbone.featureDim, { ...parted(options, true), key: foldIn(key, 'head') });
      const method = make({ ...parted(options, false), backbone, head: own, normalize });
      return { method, encoder: kept?.of(method) ?? backbone };
    },
    write: ({ architecture, options, normalize }) => ({
      imports: [architecture.builder, head.name, name],
      lines: [
        encoderLine(architecture),
        `const head = new ${head.name}(backbone.featureDim, ${writtenObject(parted(options, true), headKey)});`,
        `const method = new ${name}(${writtenObject('backbone, head', parted(options, false), writtenStatistics(normalize))});`,
      ],
      encoder: kept?.written ?? 'backbone',
      groups: oneGroup,
    }),
  };
};
