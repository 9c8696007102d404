/** The `ts` blocks of a README, in order: examples that must run as they stand. */
export function readmeExamples(readme: string): readonly string[] {
  return [...readme.matchAll(/^```ts\r?\n(?<code>[\s\S]*?)^```\s*$/gm)].map(({ groups }) => groups?.['code'] ?? '');
}

/** The first of them. */
export const readmeExample = (readme: string): string | undefined => readmeExamples(readme)[0];

/** Name of the file that a package's example is in, without ending: the package's without its scope. */
export const exampleFile = (name: string): string => name.split('/').at(-1)!;
