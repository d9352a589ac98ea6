/** @typedef {{ paint(now: number): void }} Paintable */

/** The share of a frame that painting may take; what is left over comes with the next one. */
const BUDGET_MS = 8;

/** Paints what has changed, once per frame. */
export class Painter {
  /** @type {Set<Paintable>} */ #changed = new Set();

  /** @param {Paintable[]} things */
  mark(...things) {
    if (this.#changed.size === 0) requestAnimationFrame((now) => this.#paint(now));
    for (const thing of things) this.#changed.add(thing);
  }

  /** @param {number} now */
  #paint(now) {
    const until = performance.now() + BUDGET_MS;
    for (const thing of this.#changed) {
      this.#changed.delete(thing);
      thing.paint(now);
      if (performance.now() > until) break;
    }
    if (this.#changed.size > 0) requestAnimationFrame((now) => this.#paint(now));
  }
}

/**
 * @param {Element} root
 * @param {string} selector
 * @param {string} text
 */
export function setText(root, selector, text) {
  const element = find(root, selector);
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T}
 */
export function find(root, selector) {
  const element = root.querySelector(selector);
  if (!element) throw new Error(`index.html has no ${selector}.`);
  return /** @type {T} */ (element);
}

/**
 * @param {unknown} condition
 * @param {Element} root
 * @param {string} selector
 * @param {string} [text]
 */
export function showIf(condition, root, selector, text) {
  find(root, selector).hidden = !condition;
  if (text !== undefined) setText(root, selector, text);
}
