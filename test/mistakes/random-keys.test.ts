import { describe } from 'vitest';
import { foldIn, RandomStream, randomKey } from '@selfsup/ssl-core';
import { Conv2d, Linear } from '@selfsup/ssl-nn';
import { bertBase, BertModel } from '@selfsup/ssl-text-mlm';
import { resnet18, vitTiny } from '@selfsup/ssl-vision';
import { train } from './fixtures.js';
import { testMistakes, js, type Mistake } from './mistake.js';

const keys: readonly Mistake[] = [
  {
    title: 'a seed for a key',
    code: () => new Linear(2, 2, js({ key: 7 })),
    error: 'InvalidOptionError',
    message: /Linear: key must be a random key, got 7\. Make one of a number by randomKey\(7\)/,
    cure: () => new Linear(2, 2, { key: randomKey(7) }),
  },
  {
    title: 'a name for a key',
    code: () => resnet18(js({ key: 'seed' })),
    error: 'InvalidOptionError',
    message: /resnet18: key must be a random key, got 'seed'.*randomKey/,
  },
  { title: 'no key', code: () => vitTiny(js({})), error: 'InvalidOptionError', message: /vitTiny: key must be given/ },
  {
    title: 'the function that makes keys',
    code: () => new Conv2d(1, 1, js({ key: randomKey, kernelSize: 1 })),
    error: 'InvalidOptionError',
    message: /got the function randomKey/,
  },
  {
    title: 'a seed that is text',
    code: () => randomKey(js('1')),
    error: 'InvalidOptionError',
    message: /randomKey: seed must be a safe integer, got '1'/,
  },
  {
    title: 'a seed to fold into',
    code: () => foldIn(js(3), 'a'),
    error: 'InvalidOptionError',
    message: /foldIn: key must be a random key, got 3.*randomKey\(3\)/,
    cure: () => foldIn(randomKey(3), 'a'),
  },
  {
    title: 'a stream of a number',
    code: () => new RandomStream(js(3)),
    error: 'InvalidOptionError',
    message: /RandomStream: key must be a random key/,
  },
  {
    title: 'no seed of the Trainer',
    code: () => train({ seed: undefined }),
    error: 'InvalidOptionError',
    message: /Trainer: seed must be given/,
  },
  {
    title: 'a key of BertModel that is a number',
    code: () => new BertModel(bertBase, js({ key: 1 })),
    error: 'InvalidOptionError',
    message: /BertModel: key must be a random key/,
  },
];

describe('keys', () => {
  testMistakes(keys);
});
