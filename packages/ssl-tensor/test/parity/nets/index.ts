import { bert } from './bert.js';
import { gru } from './gru.js';
import type { ParityNet } from './parity-net.js';
import { resnet } from './resnet.js';
import { signalNet } from './signal-net.js';
import { uNet } from './u-net.js';
import { vit } from './vit.js';
import { volumeNet } from './volume-net.js';

export type { ParityNet } from './parity-net.js';

/** Small nets of every family that people train. */
export const parityNets: readonly ParityNet[] = [resnet, vit, bert, uNet, volumeNet, signalNet, gru];
