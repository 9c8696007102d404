import { type Code, i32, typeByte, unsigned, type WasmType } from './wasm-code.js';

/** A local variable or parameter of a function. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
  /** Adds to an integer. */
  grow(by: Code): Code;
}

/** What the body of a function is written with. */
export interface BodyTools {
  readonly local: (type: WasmType) => Local;
  /** Repeats `body` while `condition` holds after it: at least once. */
  readonly repeat: (body: Code, condition: Code) => Code;
}

/** A function of a module, exported under its name. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly WasmType[];
  readonly result: WasmType | undefined;
  readonly locals: readonly WasmType[];
  readonly code: Code;
}

/** Writes a function: `body` gets the parameters in order, then the tools. */
export function wasmFunction<const P extends readonly WasmType[]>(
  name: string,
  parameters: P,
  body: (parameters: { readonly [index in keyof P]: Local }, tools: BodyTools) => Code,
  result?: WasmType,
): WasmFunction {
  const locals: WasmType[] = [];
  const at = (index: number): Local => ({
    get: [0x20, ...unsigned(index)],
    set: (value) => [...value, 0x21, ...unsigned(index)],
    grow: (by) => [...i32.add([0x20, ...unsigned(index)], by), 0x21, ...unsigned(index)],
  });
  const code = body(parameters.map((_, index) => at(index)) as { readonly [index in keyof P]: Local }, {
    local: (type) => at(parameters.length + locals.push(type) - 1),
    repeat: (inner, condition) => [0x03, 0x40, ...inner, ...condition, 0x0d, 0, 0x0b],
  });
  return { name, parameters, result, locals, code };
}

const sized = (bytes: readonly number[]): number[] => [...unsigned(bytes.length), ...bytes];
const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, content: readonly number[]): number[] => [id, ...sized(content)];
const text = (value: string): number[] => sized([...new TextEncoder().encode(value)]);

/**
 * The binary of a module that imports its memory as `host.memory` and exports the functions.
 *
 * Source: WebAssembly core specification 2.0, chapter 5.
 */
export function wasmModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, result }) => [
    0x60,
    ...list(parameters.map((type) => [typeByte[type]])),
    ...list(result === undefined ? [] : [[typeByte[result]]]),
  ]);
  const bodies = functions.map(({ locals, code }) =>
    sized([...list(locals.map((type) => [1, typeByte[type]])), ...code, 0x0b]),
  );
  return Uint8Array.from([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, list(types)),
    ...section(2, list([[...text('host'), ...text('memory'), 0x02, 0x00, 1]])),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(7, list(functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]))),
    ...section(10, list(bodies)),
  ]);
}
