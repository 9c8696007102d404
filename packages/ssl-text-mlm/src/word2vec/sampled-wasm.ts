/**
 * `sampledUpdate` and a scaled sum in WebAssembly with SIMD, assembled here by hand: four columns in one instruction, which JavaScript
 * has no other way to ask for. Rows are multiples of 32 bytes. Opcodes as in the WebAssembly 2.0 specification, chapter 5.
 */

/** What the module exports; all places are in bytes. */
export interface SampledWasm {
  readonly update: (
    hidden: number,
    rowBytes: number,
    outputs: number,
    error: number,
    targets: number,
    count: number,
    rate: number,
  ) => void;
  /** `to += scale * from`. */
  readonly add: (to: number, from: number, rowBytes: number, scale: number) => void;
}

type Code = readonly (number | Code)[];
const [i32, f32, f64, v128] = [0x7f, 0x7d, 0x7c, 0x7b];
const [get, set, tee, call, ifAgain, end] = [0x20, 0x21, 0x22, 0x10, 0x0d, 0x0b];
const [i32Const, i32Add, i32Mul, i32Shl, i32Eqz, i32Below, i32Load] = [0x41, 0x6a, 0x6c, 0x74, 0x45, 0x49, 0x28];
const [f64Neg, f64Add, f64Sub, f64Mul, f64Div, f64OfI32, f64OfF32, f32OfF64] = [
  0x9a, 0xa0, 0xa1, 0xa2, 0xa3, 0xb8, 0xbb, 0xb6,
];
const f32Add = 0x92;
const vectorAdd: Code = [0xfd, 0xe4, 0x01];
const vectorMul: Code = [0xfd, 0xe6, 0x01];
const splat: Code = [0xfd, 0x13];
const zeros: Code = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
const one: Code = [0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
/** Of 16 bytes at the address on the stack; `offset` bytes behind it. */
const load = (offset: number): Code => [0xfd, 0x00, 4, offset];
const store = (offset: number): Code => [0xfd, 0x0b, 4, offset];
const lane = (index: number): Code => [0xfd, 0x1f, index];
const local = (index: number): Code => [get, index];
/** Begins again as long as the counter, raised by `step`, is below the bound. */
const loop = (body: Code, counter: number, step: number, bound: number): Code => [
  [0x03, 0x40],
  body,
  [local(counter), i32Const, step, i32Add, tee, counter, local(bound), i32Below, ifAgain, 0, end],
];
const zero = (index: number): Code => [i32Const, 0, set, index];
const address = (base: number, counter: number): Code => [local(base), local(counter), i32Add];

function update(): Code {
  const [hidden, rowBytes, outputs, error, targets, count, rate] = [0, 1, 2, 3, 4, 5, 6];
  const [i, k, row, first, second, g] = [7, 8, 9, 10, 11, 12];
  const halves = [0, 16];
  const dot = halves.map((offset, half): Code => {
    const sum = half === 0 ? first : second;
    const product: Code = [address(hidden, i), load(offset), address(row, i), load(offset), vectorMul];
    return [local(sum), product, vectorAdd, set, sum];
  });
  const total: Code = [
    [local(first), local(second), vectorAdd, set, first],
    [0, 1, 2, 3].map((index): Code => [local(first), lane(index)]),
    [f32Add, f32Add, f32Add],
  ];
  const sigmoid: Code = [one, one, total, f64OfF32, f64Neg, call, 0, f64Add, f64Div];
  const slope: Code = [local(rate), local(k), i32Eqz, f64OfI32, sigmoid, f64Sub, f64Mul, f32OfF64, splat, set, g];
  const move = halves.map((offset): Code => {
    const [output, along]: readonly Code[] = [
      [address(row, i), load(offset)],
      [address(hidden, i), load(offset)],
    ] as const;
    return [
      [address(error, i), address(error, i), load(offset), output!, local(g), vectorMul, vectorAdd, store(offset)],
      [address(row, i), output!, along!, local(g), vectorMul, vectorAdd, store(offset)],
    ];
  });
  const target: Code = [
    [local(targets), local(k), i32Const, 2, i32Shl, i32Add, i32Load, 2, 0],
    [local(rowBytes), i32Mul, local(outputs), i32Add, set, row],
  ];
  const step: Code = [
    target,
    [zeros, set, first, zeros, set, second],
    [zero(i), loop(dot, i, 32, rowBytes)],
    slope,
    [zero(i), loop(move, i, 32, rowBytes)],
  ];
  return [
    [3, 3, i32, 2, v128, 1, v128],
    [
      zero(i),
      loop(
        halves.map((offset): Code => [address(error, i), zeros, store(offset)]),
        i,
        32,
        rowBytes,
      ),
    ],
    [zero(k), loop(step, k, 1, count)],
  ];
}

function add(): Code {
  const [to, from, rowBytes, scale, i] = [0, 1, 2, 3, 4];
  const body = [0, 16].map((offset): Code => {
    const scaled: Code = [address(from, i), load(offset), local(scale), splat, vectorMul];
    return [address(to, i), address(to, i), load(offset), scaled, vectorAdd, store(offset)];
  });
  return [
    [1, 1, i32],
    [zero(i), loop(body, i, 32, rowBytes)],
  ];
}

/** An unsigned number in 7 bits a byte. */
const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
const flat = (code: Code): number[] => code.flatMap((part) => (typeof part === 'number' ? [part] : flat(part)));
const sized = (code: Code): number[] => {
  const bytes = flat(code);
  return [...leb(bytes.length), ...bytes];
};
const text = (value: string): number[] => sized([...Buffer.from(value)]);

/** The module. */
function assembled(): Uint8Array<ArrayBuffer> {
  const [types, imports, functions, exports, codes] = [1, 2, 3, 7, 10];
  const section = (id: number, ...content: Code[]): Code => [id, sized([content.length, content])];
  return Uint8Array.from(
    flat([
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(
        types,
        [0x60, 1, f64, 1, f64],
        [0x60, 7, i32, i32, i32, i32, i32, i32, f64, 0],
        [0x60, 4, i32, i32, i32, f32, 0],
      ),
      section(imports, [text('env'), text('exp'), 0, 0], [text('env'), text('memory'), 2, 0, 1]),
      section(functions, [1], [2]),
      section(exports, [text('update'), 0, 1], [text('add'), 0, 2]),
      section(codes, sized([update(), end]), sized([add(), end])),
    ]),
  );
}

/** The part of WebAssembly that is used: the types of Node have none of it. */
interface WebAssemblyParts {
  readonly Memory: new (options: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const parts = (globalThis as unknown as { readonly WebAssembly: WebAssemblyParts }).WebAssembly;

/** The functions over a memory of so many pages of 64 KiB. */
export function sampledWasm(pages: number): SampledWasm & { readonly buffer: ArrayBuffer } {
  const memory = new parts.Memory({ initial: pages });
  const instance = new parts.Instance(new parts.Module(assembled()), { env: { memory, exp: Math.exp } });
  return { ...(instance.exports as SampledWasm), buffer: memory.buffer };
}
