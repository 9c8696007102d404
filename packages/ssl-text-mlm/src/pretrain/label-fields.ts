/** Names of classes as Hugging Face's `config.json` has them. */
export const labelFields = (labels: readonly string[]): Readonly<Record<string, unknown>> => ({
  id2label: Object.fromEntries(labels.map((label, index) => [String(index), label])),
  label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
});
