import * as chai from 'chai';
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend, GLOBAL_EXPECT, setState, getState } from '@vitest/expect';
import { format } from 'node:util';
chai.use(JestExtend); chai.use(JestChaiExpect); chai.use(JestAsymmetricMatchers);
export const expect = (value, message) => { const { assertionCalls } = getState(expect); setState({ assertionCalls: assertionCalls + 1 }, expect); return chai.expect(value, message); };
Object.assign(expect, chai.expect);
expect.getState = () => getState(expect); expect.setState = (s) => setState(s, expect);
setState({ assertionCalls: 0, isExpectingAssertions: false, isExpectingAssertionsError: null, expectedAssertionsNumber: null, expectedAssertionsNumberErrorGen: null, testPath: '', currentTestName: '' }, expect);
expect.extend = (m) => chai.expect.extend(expect, m);
globalThis[GLOBAL_EXPECT] = expect;
const tests = []; const befores = []; const afters = []; let prefix = [];
const rows = (cases) => (name, fn) => cases.forEach((c) => { const args = Array.isArray(c) ? c : [c]; it(name.replace("%s", String(args[0])), () => fn(...args)); });
export const it = (name, fn, o) => { const f = typeof fn === 'function' ? fn : o; tests.push([[...prefix, name].join(' > '), f]); };
it.each = rows; it.skipIf = (c) => (c ? () => {} : it); it.runIf = (c) => (c ? it : () => {}); it.for = rows;
export const test = it;
export const describe = (name, fn) => { prefix.push(name); fn(); prefix.pop(); };
describe.each = (cases) => (name, fn) => cases.forEach((c) => { const args = Array.isArray(c) ? c : [c]; describe(name.replace("%s", String(args[0])), () => fn(...args)); });
export const beforeAll = (fn) => befores.push(fn); export const afterAll = (fn) => afters.push(fn);
export const beforeEach = () => {}; export const afterEach = () => {}; export const vi = { setConfig() {} };
export async function runAll(only) {
  for (const b of befores) await b();
  let bad = 0, ok = 0;
  for (const [name, fn] of tests) { if (only && !new RegExp(only).test(name)) continue; try { await fn(); ok++; } catch (e) { bad++; console.log('FAIL', name, '\n   ', String(e.stack ?? e.message ?? e).slice(0, 300)); if (e.actual !== undefined) console.log("   actual", e.actual); } }
  for (const a of afters) await a();
  console.log(`${ok} ok, ${bad} failed`);
}
