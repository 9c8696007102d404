import { parseSync } from 'oxc-parser';

/** What a TypeScript file imports, and its code without comments. */
export interface ModuleImports {
  /** Specifiers as written: static and dynamic imports, re-exports, types included. */
  readonly specifiers: readonly string[];
  /** The source with every comment blanked. */
  readonly code: string;
}

/**
 * Reads the imports of a TypeScript module.
 *
 * @throws Error when the file does not parse: a test that skips such a file would pass for the wrong reason.
 */
export function moduleImports(path: string, source: string): ModuleImports {
  const { module, comments, errors } = parseSync(path, source);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);

  const dynamic = module.dynamicImports.map(({ moduleRequest }) =>
    source.slice(moduleRequest.start, moduleRequest.end),
  );
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.map((entry) => entry.moduleRequest?.value)),
    ...dynamic.map((text) => /^(['"`])(?<specifier>[^'"`$]+)\1$/.exec(text)?.groups?.specifier),
  ].filter((specifier) => specifier !== undefined);

  let code = source;
  for (const { start, end } of comments) code = code.slice(0, start) + ' '.repeat(end - start) + code.slice(end);
  return { specifiers: [...new Set(specifiers)], code };
}

/** `@scope/name` or `name` of a bare specifier; undefined for relative paths, a package's own `imports` and Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (/^(?:\.|#|node:)/.test(specifier)) return undefined;
  const [first = '', second] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}
