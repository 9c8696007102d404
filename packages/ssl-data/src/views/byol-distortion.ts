import { colorJitter } from './color-jitter.js';
import { compose } from './compose.js';
import { randomApply } from './random-apply.js';
import { randomGrayscale } from './random-grayscale.js';
import type { DescribedView } from './view.js';

/** The colour changes of BYOL and of those that took them over: jitter (0.4, 0.4, 0.2, 0.1; with probability 0.8), grey (0.2). Source: arXiv 2006.07733, table 6. */
export function byolDistortion(): DescribedView {
  const jitter = colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 });
  return compose(randomApply(jitter, 0.8), randomGrayscale({ p: 0.2 }));
}
