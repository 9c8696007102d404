/** Place of a batch within an update: the update happens at `only` and `last`. */
export type Place = 'only' | 'first' | 'middle' | 'last';
