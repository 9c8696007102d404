import { ExportError } from '../errors/export-error.js';
import type { RewriteRule } from '../graph/rewrite.js';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { lastTwo } from '../lowering/matmul.js';
import { opOf } from './align-traces.js';

/** Transposes only where the product does not take the operand as it lies. */
const turned = (b: Builder, x: Value, flag: unknown): Value => lastTwo(b, x, flag === 1);

/**
 * Standard ops in place of those that only ONNX Runtime has.
 *
 * @throws ExportError for one that has no such form
 */
export const withoutVendorOps: RewriteRule = (node, [left, right], b) => {
  if (node.domain === '') return undefined;
  const { transA, transB, transBatchA = 0, transBatchB = 0 } = node.attributes;
  if (node.op === 'FusedMatMul' && transBatchA === 0 && transBatchB === 0)
    return [b.op('MatMul', [turned(b, left!, transA), turned(b, right!, transB)], node.outputs[0]!.shape, 'float32')];
  const [op, userLine] = opOf(node);
  throw new ExportError(
    op,
    `becomes ${node.op} of the domain '${node.domain}', which no other runtime has`,
    'Build it from other ops',
    userLine,
  );
};
