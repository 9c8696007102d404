/** What compilers make of `#names` for older engines. */
const compiledNames = /classPrivate|class_private|__private(?:Add|Get|Set|Method|In)\b/;

/**
 * Whether a class may have `#private` members, which no copy of an object gets. A private member stands in the text of
 * its class as `#` and a letter, so a text without any is the proof that there is none; texts and comments are left out.
 */
export function mayHavePrivateNames(type: object): boolean {
  const text = Function.prototype.toString.call(type);
  if (text.includes('[native code]')) return true;
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, ' ');
  return /#[\p{ID_Start}$_\\]/u.test(code) || compiledNames.test(code);
}
