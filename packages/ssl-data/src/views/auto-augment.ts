import { checkChoice, checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { augment } from '../image/augment.js';
import { rotateOptionNames, type RotateOptions } from '../image/rotate.js';
import { autoAugmentPolicies, type SubPolicy } from './auto-augment-policies.js';
import { autoAugmentSpace, type DrawnOperation } from './augmentation-space.js';
import { type DescribedView, describedView } from './view.js';

export interface AutoAugmentOptions extends RotateOptions {
  /** Data set that the policy was learned on. Default `imagenet`. */
  readonly policy?: keyof typeof autoAugmentPolicies;
}

const autoAugmentOptionNames: OptionNames<AutoAugmentOptions> = {
  ...rotateOptionNames,
  policy: 'optional',
};

/**
 * One of 25 learned pairs of operations, each with its own probability and magnitude.
 *
 * @returns a view `[h, w, 1 or 3] -> the same shape`
 * @throws InvalidOptionError
 * Source: Cubuk et al. 2018, arXiv 1805.09501; torchvision's `AutoAugment` on PIL images.
 */
export function autoAugment(options: AutoAugmentOptions = {}): DescribedView<readonly DrawnOperation[]> {
  checkOptions('autoAugment', options, autoAugmentOptionNames);
  const { policy = 'imagenet', ...outside } = options;
  checkChoice('autoAugment', 'policy', policy, ['imagenet', 'cifar10', 'svhn']);
  const policies: readonly SubPolicy[] = autoAugmentPolicies[policy];
  return describedView<readonly DrawnOperation[]>('autoAugment', options, {
    draw: (height, width, random) =>
      policies[random.integer(policies.length)]!.flatMap(([operation, p, bin]) => {
        // Both are drawn in any case, so that one step's draw does not depend on another's.
        const applied = random.bernoulli(p);
        const negative = random.bernoulli(0.5);
        if (!applied) return [];
        const { magnitude, signed } = autoAugmentSpace.get(operation)!;
        const size = bin === undefined ? 0 : (magnitude?.(bin, 10, height, width) ?? 0);
        return [{ operation, magnitude: signed && negative ? -size : size }];
      }),
    apply: (image, drawn) =>
      drawn.reduce((result, { operation, magnitude }) => augment(result, operation, magnitude, outside), image),
  });
}
