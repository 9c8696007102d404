/** What the walk takes for a node of the tree: the root of {@link Module}, in a file of its own so that the walk needs no module. */
// oxlint-disable-next-line typescript/no-extraneous-class -- a class, because the walk asks for instances of it
export abstract class TreeNode {
  /**
   * The reference's names of fields that are called otherwise here. A name of `''` lifts the field's children one level
   * up. Subclasses add to the names of their base class.
   */
  static readonly fieldNames: Readonly<Record<string, string>> = {};
}
