/** Times one training step of ResNet-18 with the CIFAR stem on 64 images of 32 x 32 with SGD. Prints one JSON line. */
import { randomKey } from '@selfsup/ssl-tensor';
import { Sgd } from '@selfsup/ssl-train';
import { resnet18 } from '@selfsup/ssl-vision';
import { timeTraining } from '../time-steps.js';
import { classification } from '../training-steps.js';

const { step, args } = classification({
  backbone: resnet18({ stem: 'cifar', key: randomKey(0) }),
  batch: 64,
  side: 32,
  classes: 10,
  learningRate: 0.01,
  optimizer: (parameters) => new Sgd([{ parameters }], { momentum: 0.9, weightDecay: 5e-4 }),
});
await timeTraining('resnet18-step', step, args);
