/** @import { Nearput, SiteMeasurement } from "../nearput.js" */
/** @import { Announcer } from "./announcer.js" */

import { formatRate, formatSite } from "./format.js";
import { find, setText, showIf } from "./painter.js";

/**
 * What `/demo.json` answers. There is a world only where there are several sites.
 * @typedef {{ signer: string, token: string, world?: { place: string, sites: Region[] } }} Demo
 * @typedef {{ id: string, region: string, down: boolean, paths: { host: string, sent: number }[] }} Region
 */

/** How often it is looked what the paths have carried, while something is on its way. */
const LOOK_EVERY_MS = 1000;

const HINT = "The distances are simulated. Take a region down, or put the page elsewhere, while a file is on its way.";
const MOVED = "The world has changed already. It is measured anew when nothing is on its way any more.";

const NO_BREAK = "\u00a0";

/** The longest bar is no shorter than this, in milliseconds. */
const LEAST_SCALE_MS = 50;

/** The regions: how far each is, which one is chosen, what its paths carry, and a switch that takes it down. */
export class Regions {
  #section;
  #template;
  #announcer;
  #isBusy;
  #onMove;
  #onProblem;
  /** @type {Nearput | undefined} */ #connection;
  /** @type {Demo | undefined} */ #demo;
  /** @type {SiteMeasurement[]} */ #measured = [];
  /** When the paths were last looked at, and what they had carried. @type {{ at: number, sent: Map<string, number> } | undefined} */
  #look;
  #hasMoved = false;
  #isSilent = false;

  /**
   * @param {HTMLElement} section
   * @param {{ announcer: Announcer, isBusy: () => boolean, onMove: (demo: Demo) => void, onProblem: (problem: string) => void }} page
   * `onMove` is told the world as it is from another place, and connects anew: what was measured there counts no more
   */
  constructor(section, { announcer, isBusy, onMove, onProblem }) {
    this.#section = section;
    this.#template = /** @type {HTMLTemplateElement} */ (find(document, "#region"));
    this.#announcer = announcer;
    this.#isBusy = isBusy;
    this.#onMove = onMove;
    this.#onProblem = onProblem;
    find(section, ".places").addEventListener("change", (event) => this.#move(/** @type {HTMLInputElement} */ (event.target).value));
    setInterval(() => this.#lookAtPaths(), LOOK_EVERY_MS);
  }

  get isShown() {
    return !this.#section.hidden;
  }

  /**
   * Shows the world as this connection finds it.
   * @param {Demo} demo
   * @param {Nearput} connection
   */
  show(demo, connection) {
    this.#connection = connection;
    this.#measured = [];
    this.#paint(demo);
    if (!demo.world) return;
    connection.addEventListener("sites", () => this.#measure(connection));
    this.#measure(connection);
  }

  /** @param {Nearput} connection */
  async #measure(connection) {
    try {
      const measured = await connection.sites();
      if (connection !== this.#connection) return;
      const before = this.#chosen;
      this.#measured = measured;
      if (this.#chosen && this.#chosen !== before) this.#announcer.say(`Files go to ${formatSite(this.#chosen)}.`);
    } catch (error) {
      if (connection === this.#connection) this.#onProblem(`The sites are not known: ${/** @type {Error} */ (error).message}`);
    }
    if (this.#demo) this.#paint(this.#demo);
  }

  get #chosen() {
    return this.#measured.find(({ chosen }) => chosen)?.id;
  }

  /** @param {string} place */
  async #move(place) {
    const demo = await this.#command("/demo/place", { place });
    if (demo) this.#measureAnew(demo);
  }

  /** @param {Region} region */
  async #switch({ id, down }) {
    const demo = await this.#command("/demo/down", { site: id, down: !down });
    if (!demo) return;
    this.#announcer.say(`${formatSite(id)} is ${down ? "back" : "down"}.`);
    // That one is down, the engine finds out by itself; a site that it has left is tried again only after a while.
    if (down) this.#measureAnew(demo);
  }

  /**
   * What is on its way goes on as it began.
   * @param {Demo} demo
   */
  #measureAnew(demo) {
    this.#hasMoved = this.#isBusy();
    if (this.#hasMoved) this.#paint(demo);
    else this.#onMove(demo);
  }

  /**
   * @param {string} path
   * @param {unknown} body
   * @returns {Promise<Demo | undefined>} the world after it
   */
  async #command(path, body) {
    const headers = { "content-type": "application/json" };
    const reply = await this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!reply) return;
    if (!reply.ok) return this.#onProblem(`The demo did not do it: ${path} answered ${reply.status}.`), undefined;
    const demo = await reply.json();
    this.#paint(demo);
    return demo;
  }

  /**
   * Says so where the demo does not answer, and shows no rates that nobody knows.
   * @param {string} path
   * @param {RequestInit} init
   */
  async #ask(path, init) {
    const reply = await fetch(path, init).catch(() => undefined);
    if (!reply) {
      this.#onProblem("The demo does not answer. If it has ended, start it again: cargo xtask demo");
      this.#look = undefined;
      if (this.#demo) this.#paint(this.#demo);
    } else if (this.#isSilent) {
      this.#onProblem("");
    }
    this.#isSilent = !reply;
    return reply;
  }

  async #lookAtPaths() {
    if (!this.#demo?.world || (!this.#isBusy() && !this.#look)) return;
    const reply = await this.#ask("/demo.json", { cache: "no-store" });
    if (!reply?.ok) return;
    const demo = await reply.json();
    this.#paint(demo);
    if (this.#hasMoved && !this.#isBusy()) {
      this.#hasMoved = false;
      this.#onMove(demo);
    }
  }

  /** @param {Demo} demo */
  #paint(demo) {
    this.#demo = demo;
    this.#section.hidden = !demo.world;
    if (!demo.world) return;
    const { place, sites } = demo.world;
    const chosen = this.#section.querySelector(`[name=place][value=${place}]`);
    if (chosen instanceof HTMLInputElement) chosen.checked = true;

    setText(this.#section, ".regions-hint", this.#hasMoved ? MOVED : HINT);
    const rates = this.#rates(sites);
    const latencies = this.#measured.map(({ latency }) => latency ?? 0);
    const scale = Math.max(LEAST_SCALE_MS, ...latencies);
    const list = find(this.#section, "#region-list");
    for (const [index, site] of sites.entries()) {
      const element = list.children[index] ?? list.appendChild(this.#row());
      const measured = this.#measured.find(({ id }) => id === site.id);
      paintRegion(element, site, measured, { scale, rates });
      find(element, ".region-switch").onclick = () => this.#switch(site);
    }
  }

  #row() {
    return find(/** @type {DocumentFragment} */ (this.#template.content.cloneNode(true)), ".region");
  }

  /**
   * What each path has carried since the last look, in bytes per second.
   * @param {Region[]} sites
   */
  #rates(sites) {
    const at = performance.now();
    const before = this.#look;
    const paths = sites.flatMap((site) => site.paths);
    const seconds = before ? (at - before.at) / 1000 : 0;
    const rates = new Map(
      paths.map(({ host, sent }) => [host, before && seconds ? (sent - (before.sent.get(host) ?? sent)) / seconds : 0]),
    );
    // Once nothing is on its way, one more look shows that nothing moves.
    this.#look = this.#isBusy() ? { at, sent: new Map(paths.map(({ host, sent }) => [host, sent])) } : undefined;
    return rates;
  }
}

/**
 * @param {Element} element
 * @param {Region} region
 * @param {SiteMeasurement | undefined} measured
 * @param {{ scale: number, rates: Map<string, number> }} numbers
 */
function paintRegion(element, { id, region, down, paths }, measured, { scale, rates }) {
  const latency = measured?.latency ?? null;
  const dead = down || measured?.alive === false;
  element.classList.toggle("is-down", dead);
  element.classList.toggle("is-chosen", Boolean(measured?.chosen));
  const name = formatSite(id);
  setText(element, ".region-id", name);
  setText(element, ".region-code", region);
  setText(element, ".region-latency", down ? "down" : latency !== null ? `${Math.round(latency)} ms` : dead ? "no answer" : "…");
  find(element, ".region-bar").style.inlineSize = `${latency === null || down ? 0 : Math.max(1, (latency / scale) * 100)}%`;
  showIf(measured?.chosen || measured?.home, element, ".region-tags");
  showIf(measured?.chosen, element, ".region-chosen");
  showIf(measured?.home, element, ".region-home");
  const busy = paths.filter(({ host }) => (rates.get(host) ?? 0) > 0);
  const rated = busy.map(({ host }) => `${host} ${formatRate(rates.get(host) ?? 0)}`.replaceAll(" ", NO_BREAK));
  setText(element, ".region-paths", rated.join("   "));
  const button = find(element, ".region-switch");
  button.textContent = down ? "Bring back" : "Take down";
  button.ariaLabel = `${button.textContent} ${name}`;
}
