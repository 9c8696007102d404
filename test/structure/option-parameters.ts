import { dirname, join } from 'node:path/posix';
import { parseSync } from 'oxc-parser';

import { readRepositoryFile } from './repository-files.js';

/** A node of the syntax tree, as far as it is looked at here. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** A parameter of a public function, constructor or method that takes options. */
export interface OptionParameter {
  /** `ntXent`, `SimClr` or `ImageFolderDataset.open`. */
  readonly owner: string;
  readonly file: string;
  /** Its name; `{}` where it is taken apart in the list of parameters. */
  readonly parameter: string;
  readonly type: string;
  /** Source of the body. */
  readonly body: string;
}

/** What a package exports by one of its entries. */
export interface PublicNames {
  /** Exported name to the file that declares it. */
  readonly files: ReadonlyMap<string, string>;
}

/** Follows `export { a } from`, `export type { A } from` and `export * from` within a package. */
export function publicNames(entry: string): PublicNames {
  const files = new Map<string, string>();
  for (const statement of programOf(entry)) {
    const source = (statement['source'] as { readonly value?: string } | null | undefined)?.value;
    if (source?.startsWith('.') !== true) continue;
    const target = join(dirname(entry), source).replace(/\.js$/, '.ts');
    if (statement.type === 'ExportAllDeclaration')
      for (const [name, file] of publicNames(target).files) files.set(name, file);
    if (statement.type !== 'ExportNamedDeclaration') continue;
    for (const { local } of statement['specifiers'] as { readonly local: { readonly name: string } }[])
      files.set(local.name, target);
  }
  return { files };
}

/** Parameters that take options, of what `file` declares under one of `names`. */
export function optionParameters(file: string, names: ReadonlySet<string>): OptionParameter[] {
  const source = readRepositoryFile(file);
  const text = (node: Node): string => source.slice(node.start, node.end);
  const found: OptionParameter[] = [];
  const add = (owner: string, callable: Node): void => {
    const body = callable['body'] as Node | null;
    for (const given of callable['params'] as Node[]) {
      const parameter = given.type === 'AssignmentPattern' ? (given['left'] as Node) : given;
      const annotation = (parameter['typeAnnotation'] as Node | null | undefined)?.['typeAnnotation'] as
        | Node
        | undefined;
      const type = annotation === undefined ? '' : text(annotation).replaceAll(/\s+/g, ' ');
      const name = parameter.type === 'ObjectPattern' ? '{}' : ((parameter['name'] as string | undefined) ?? '');
      const takesOptions =
        name === '{}' ||
        annotation?.type === 'TSTypeLiteral' ||
        /options|config|settings/i.test(name) ||
        /(?:Options|Config|Settings|Decoding|Statistics)(?:<.*>)?>?$/.test(type);
      if (takesOptions && body !== null) found.push({ owner, file, parameter: name, type, body: text(body) });
    }
  };
  for (const statement of programOf(file)) {
    const declaration = statement.type.startsWith('Export')
      ? (statement['declaration'] as Node | null | undefined)
      : statement;
    if (declaration === null || declaration === undefined) continue;
    const name = (declaration['id'] as { readonly name?: string } | null | undefined)?.name ?? '';
    if (declaration.type === 'FunctionDeclaration' && names.has(name)) add(name, declaration);
    if (declaration.type === 'VariableDeclaration')
      for (const { id, init } of declaration['declarations'] as {
        readonly id: { readonly name: string };
        readonly init: Node | null;
      }[])
        if (names.has(id.name) && init?.type === 'ArrowFunctionExpression') add(id.name, init);
    if (declaration.type !== 'ClassDeclaration' || !names.has(name)) continue;
    for (const member of (declaration['body'] as { readonly body: Node[] }).body) {
      const isPublic =
        member['accessibility'] === undefined ||
        member['accessibility'] === null ||
        member['accessibility'] === 'public';
      const key = member['key'] as Node | undefined;
      if (member.type !== 'MethodDefinition' || !isPublic || key?.type === 'PrivateIdentifier') continue;
      add(member['kind'] === 'constructor' ? name : `${name}.${text(key!)}`, member['value'] as Node);
    }
  }
  return found;
}

const programs = new Map<string, readonly Node[]>();

function programOf(file: string): readonly Node[] {
  let program = programs.get(file);
  if (program === undefined) {
    const { program: parsed, errors } = parseSync(file, readRepositoryFile(file));
    if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
    program = parsed.body as unknown as Node[];
    programs.set(file, program);
  }
  return program;
}
