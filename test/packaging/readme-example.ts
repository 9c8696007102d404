/** The first `ts` block of a README: the example that must run as it stands. */
export function readmeExample(readme: string): string | undefined {
  return /^```ts\r?\n(?<code>[\s\S]*?)^```\s*$/m.exec(readme)?.groups?.code;
}
