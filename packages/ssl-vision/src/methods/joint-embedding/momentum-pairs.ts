import { cosine, type EmaPair, type RunShape, type Schedule } from '@selfsup/ssl-train';
import type { Encoder } from '@selfsup/ssl-nn';
import type { ProjectionHead } from '../../heads/projection-head.js';

/** An encoder and its head, with twins of both that follow. */
export interface MomentumModules {
  readonly backbone: Encoder;
  readonly head: ProjectionHead;
  readonly momentumBackbone: Encoder;
  readonly momentumHead: ProjectionHead;
}

/** How twins follow by momentum. They keep the running statistics of their own passes, as in the references. */
export function momentumPairs(modules: MomentumModules, momentum: number | Schedule): EmaPair[] {
  const { backbone, head, momentumBackbone, momentumHead } = modules;
  const rule = { momentum, buffers: 'keep' } as const;
  return [
    { online: backbone, target: momentumBackbone, ...rule },
    { online: head, target: momentumHead, ...rule },
  ];
}

/** BYOL's momentum: from `base` to 1 over the run, by half a cosine. */
export const risingMomentum = (base: number, { totalSteps }: RunShape): Schedule =>
  cosine({ base, final: 1, totalSteps });
