import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { holdingsOf, isLeaf, isRecord } from './holdings.js';
import { ModuleState } from './parameter.js';
import { TreeNode } from './tree-node.js';

/** What the walk calls, for every name that something has. */
export interface TreeVisitor {
  /** @param path of fields, where the name is shared with the node above, as that of a lifted one is */
  node?(name: string, node: TreeNode, path: string): void;
  state?(name: string, state: ModuleState): void;
}

/** A name after another; `''` adds nothing. */
export function joined(outer: string, name: string): string {
  if (outer === '' || name === '') return outer + name;
  return `${outer}.${name}`;
}

interface Held {
  readonly field: string;
  readonly container: object;
}

/**
 * Visits all modules and states below `root`. Of each module come first the fields that hold one or lists of them, then
 * those in records and Maps: so a module that is kept in the options too has the name of its own field.
 *
 * @throws InvalidOptionError for a module or state in a container without names (a Set, a Map with other keys, an object
 *   of another class), unless the tree has it at another place
 */
export function walkTree(root: TreeNode, visitor: TreeVisitor): void {
  const held: Held[] = [];
  const reached = new Set<object>([root]);
  walkNode(root, '', new Set(), { visitor, held, reached });
  for (const { field, container } of held) {
    const { own, foreign } = holdingsOf(container);
    if (foreign)
      throw new InvalidOptionError(
        root.constructor.name,
        field,
        'made of modules of one copy of @selfsup/ssl-nn',
        container,
        'npm ls @selfsup/ssl-nn shows the copies, npm dedupe makes them one',
      );
    const lost = [...own].find((one) => !reached.has(one));
    if (lost !== undefined)
      throw new InvalidOptionError(
        root.constructor.name,
        field,
        'a Module, Parameter or Buffer, or a list, record or Map with string keys of them',
        container,
        `It holds a ${lost.constructor.name} that would be neither trained nor saved: keep that in a field, list, record or Map of its own${container instanceof Set || container instanceof Map ? '' : `, or let ${container.constructor?.name ?? 'its class'} extend Module`}`,
      );
  }
}

interface Walk {
  readonly visitor: TreeVisitor;
  readonly held: Held[];
  readonly reached: Set<object>;
}

function walkNode(node: TreeNode, prefix: string, ancestors: ReadonlySet<object>, walk: Walk): void {
  const path = new Set(ancestors).add(node);
  const deferred: { readonly name: string; readonly way: string; readonly value: object }[] = [];
  const open = new Set<object>();
  const visit = (value: unknown, name: string, way: string): void => {
    if (value instanceof ModuleState) {
      walk.reached.add(value);
      walk.visitor.state?.(name, value);
    } else if (value instanceof TreeNode) {
      walk.reached.add(value);
      if (path.has(value)) return;
      walk.visitor.node?.(name, value, way);
      walkNode(value, name, path, walk);
    } else if (Array.isArray(value)) {
      if (open.has(value)) return;
      open.add(value);
      value.forEach((item: unknown, index) => visit(item, joined(name, String(index)), joined(way, String(index))));
      open.delete(value);
    } else if (!isLeaf(value)) deferred.push({ name, way, value: value as object });
  };
  for (const [field, value] of Object.entries(node))
    visit(value, joined(prefix, nameOf(node, field)), joined(prefix, field));
  // Records within records join the end of the list while it is read; of a circle each is entered once.
  const entered = new Set<object>();
  for (const { name, way, value } of deferred) {
    const { own, foreign } = holdingsOf(value);
    if (own.size === 0 && !foreign) continue;
    const entries = namedEntries(value);
    if (entries === undefined) walk.held.push({ field: way, container: value });
    else if (!entered.has(value)) {
      entered.add(value);
      for (const [key, item] of entries) visit(item, joined(name, key), joined(way, key));
    }
  }
}

/** What a record or a Map holds by name, or undefined for a container without names. */
function namedEntries(value: object): [string, unknown][] | undefined {
  if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)];
    return entries.every(([key]) => typeof key === 'string') ? (entries as [string, unknown][]) : undefined;
  }
  if (!isRecord(value)) return undefined;
  return Object.keys(value).map((key) => [key, Object.getOwnPropertyDescriptor(value, key)?.value as unknown]);
}

/** The reference's name of a field. */
function nameOf(node: TreeNode, field: string): string {
  for (let type: unknown = node.constructor; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
    const names = (type as { fieldNames?: Readonly<Record<string, string>> }).fieldNames;
    if (names !== undefined && Object.hasOwn(names, field)) return names[field]!;
  }
  return field;
}
