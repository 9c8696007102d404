/** A block of code in a document. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

/** The blocks of a Markdown document, in order. */
export function markdownBlocks(text: string): readonly CodeBlock[] {
  return [...text.matchAll(/^```(?<language>\w*)\n(?<code>[\s\S]*?)^```$/gm)].map(({ groups }) => ({
    language: groups?.['language'] ?? '',
    code: groups?.['code'] ?? '',
  }));
}
