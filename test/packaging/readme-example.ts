/** The first `ts` block of a README: the example that must run as it stands. */
export function readmeExample(readme: string): string | undefined {
  return /^```ts\r?\n(?<code>[\s\S]*?)^```\s*$/m.exec(readme)?.groups?.code;
}

/** Name of the file that a package's example is in, without ending: the package's without its scope. */
export const exampleFile = (name: string): string => name.split('/').at(-1)!;
