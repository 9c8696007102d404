import type { StateEntries } from '@selfsup/ssl-nn';

/** Renames `LayerNorm.gamma` and `LayerNorm.beta`, as files converted from TensorFlow have them. */
export function readTensorFlowNorms(state: StateEntries): void {
  for (const name of state.names()) {
    if (/(?:^|\.)LayerNorm\.gamma$/.test(name)) state.rename(name, name.replace(/gamma$/, 'weight'));
    if (/(?:^|\.)LayerNorm\.beta$/.test(name)) state.rename(name, name.replace(/beta$/, 'bias'));
  }
}

/** Takes out the next-sentence head of a file: no model here has one. */
export function ignoreNextSentence(state: StateEntries): void {
  ignoreBelow(state, 'cls.seq_relationship.', 'the next-sentence head, which this model does not have');
}

/** Takes out the entries of a part that a model lacks. */
export function ignoreBelow(state: StateEntries, start: string, reason: string): void {
  for (const name of state.names()) if (name.startsWith(start)) state.ignore(name, reason);
}
