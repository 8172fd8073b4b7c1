/** What the reader has typed and found stays; what changes by itself is no part of a page that is sent. */
const OWN = '.find, #hits, #tip, #link, #news';

/**
 * Makes this page what a newer one is, element by element: what is alike stays the same element, so that scroll, focus,
 * selected text and what is opened stay too.
 */
export function updatePage(newer: Document): void {
  document.title = newer.title;
  updateElement(document.body, newer.body);
}

function updateElement(old: Element, newer: Element): void {
  if (old.isEqualNode(newer) || old.matches(OWN)) return;
  updateAttributes(old, newer);
  updateChildren(old, newer);
}

function updateAttributes(old: Element, newer: Element): void {
  for (const { name, value } of newer.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const name of old.getAttributeNames()) {
    const isOpened = name === 'open' && old instanceof HTMLDetailsElement;
    if (!isOpened && !newer.hasAttribute(name)) old.removeAttribute(name);
  }
}

function updateChildren(old: Element, newer: Element): void {
  let place: ChildNode | null = old.firstChild;
  for (const child of newer.childNodes) {
    if (isScript(child)) continue;
    place = skipOwn(place);
    const same = sameFrom(place, child);
    if (!same) {
      old.insertBefore(document.importNode(child, true), place);
      continue;
    }
    while (place && place !== same) place = removed(place);
    if (same instanceof Element && child instanceof Element) updateElement(same, child);
    else if (same.nodeValue !== child.nodeValue) same.nodeValue = child.nodeValue;
    place = same.nextSibling;
  }
  while (place) place = removed(place);
}

/** Removes a node, unless it is one that stays. @returns the one after it */
function removed(node: ChildNode): ChildNode | null {
  const next = node.nextSibling;
  if (!isScript(node) && !isTip(node)) node.remove();
  return next;
}

function skipOwn(node: ChildNode | null): ChildNode | null {
  let place = node;
  while (place && (isScript(place) || isTip(place))) place = place.nextSibling;
  return place;
}

/** The next sibling that is to become that one; undefined: it is new. */
function sameFrom(from: ChildNode | null, newer: ChildNode): ChildNode | undefined {
  const key = keyOf(newer);
  for (let node = from; node; node = node.nextSibling) {
    if (keyOf(node) === key) return node;
    // Only what is named is looked for further on: text and cells are by their place.
    if (!(newer instanceof Element) || !isNamed(newer)) return undefined;
  }
  return undefined;
}

function keyOf(node: ChildNode): string {
  return node instanceof Element ? `${node.nodeName} ${node.id || (node.classList[0] ?? '')}` : node.nodeName;
}

function isNamed(element: Element): boolean {
  return element.id !== '' || ['HEADER', 'NAV', 'MAIN', 'SECTION', 'FOOTER'].includes(element.nodeName);
}

function isScript(node: Node): boolean {
  return node instanceof HTMLScriptElement;
}

function isTip(node: Node): boolean {
  return node instanceof Element && node.id === 'tip';
}
