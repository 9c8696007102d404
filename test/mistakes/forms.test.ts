import { describe } from 'vitest';
import { randomKey } from '@selfsup/ssl-core';
import { ntXent } from '@selfsup/ssl-losses';
import { Linear } from '@selfsup/ssl-nn';
import { cosine, Trainer } from '@selfsup/ssl-train';
import { ProjectionHead, SimClr } from '@selfsup/ssl-vision';
import { encoder, features, key, simclr, statistics } from './fixtures.js';
import { testMistakes, js, type Mistake } from './mistake.js';

const forms: readonly Mistake[] = [
  {
    title: 'options that are a number',
    code: () => ntXent(features(), js(0.5)),
    error: 'InvalidOptionError',
    message: /ntXent: options must be an object of options, got 0\.5\. Options are temperature/,
  },
  {
    title: 'options that are null',
    code: () => cosine(js(null)),
    error: 'InvalidOptionError',
    message: /cosine: options must be an object of options, got null/,
  },
  {
    title: 'no options where they are needed',
    code: () => new Trainer(js(undefined)),
    error: 'InvalidOptionError',
    message: /Trainer: options must be an object of options, got undefined/,
  },
  {
    title: 'views as two arguments',
    code: () => ntXent(features(2), js(features(2))),
    error: 'InvalidOptionError',
    message: /ntXent: options must be an object of options, got a float32 tensor \[2, 3\]/,
    cure: () => ntXent([features(2), features(2)]),
  },
  {
    title: 'options that are a Map',
    code: () => new Linear(2, 2, js(new Map([['key', key]]))),
    error: 'InvalidOptionError',
    message: /options must be an object of options, got a Map/,
  },
  {
    title: 'a required option that is missing',
    code: () => new SimClr(js({ backbone: encoder(), key })),
    error: 'InvalidOptionError',
    message: /SimClr: normalize must be given, got undefined\. Required are backbone, normalize/,
  },
  {
    title: 'neither key nor head',
    code: () => new SimClr(js({ backbone: encoder(), normalize: statistics })),
    error: 'InvalidOptionError',
    message: /SimClr: key must be given where there is no head/,
    cure: () => simclr(),
  },
  {
    title: 'the sizes of a head for a head',
    code: () => new SimClr(js({ backbone: encoder(), normalize: statistics, head: { hiddenDim: 32, outDim: 16 } })),
    error: 'InvalidOptionError',
    message:
      /SimClr: head must be a module with forward\(x, ctx\), got an object with hiddenDim, outDim\. Such as new ProjectionHead\(/,
    cure: () => {
      const backbone = encoder();
      const head = new ProjectionHead(backbone.featureDim, { outDim: 128, key: randomKey(2) });
      return new SimClr({ backbone, normalize: statistics, head });
    },
  },
];

describe('forms', () => {
  testMistakes(forms);
});
