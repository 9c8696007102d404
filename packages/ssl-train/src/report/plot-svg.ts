import { parseHTML } from 'linkedom';
import { Html } from './html.js';

/** What is used of the element that Plot makes; the DOM's types are not loaded. */
interface SvgElement {
  readonly outerHTML: string;
  querySelector(selector: string): { remove(): void } | null;
  setAttribute(name: string, value: string): void;
}

/** Attributes that say where something lies; two decimals are finer than the eye. */
const places = / (?:d|points|transform|[xyr]|[xy][12]|c[xy])="[^"]*"/g;

/**
 * A chart as inline SVG that is styled by the page it stands in.
 *
 * @param title read out in place of the picture
 * @param draw draws by Plot, given a document for Plot's options `document`, with the class `plot`
 */
export function plotSvg(title: string, draw: (document: object) => unknown): Html {
  const { document } = parseHTML('<html><body></body></html>');
  const element = draw(document) as SvgElement;
  // The style sheet of the page has Plot's few rules, once for all charts.
  element.querySelector('style')?.remove();
  element.setAttribute('role', 'img');
  element.setAttribute('aria-label', title);
  return new Html(element.outerHTML.replaceAll(places, (attribute) => attribute.replaceAll(/(\.\d\d)\d+/g, '$1')));
}
