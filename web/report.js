/** @import { Report } from "./nearput.d.ts" */

/**
 * Gives a report its text.
 * @param {Report} [report]
 */
export function withText(report) {
  return report && Object.defineProperty(report, "toString", { value: () => reportText(report) });
}

/**
 * What a person who helps wants to see.
 * @param {Report} report
 */
export function reportText({ site, plan, size, seconds, rate, paths, retries, restarts, sentTwice }) {
  return [
    `${plan} to ${site ?? "no site"}: ${mb(size)} in ${seconds.toFixed(1)} s, ${mb(rate)}/s`,
    ...paths.map(
      (path) =>
        `${path.id} ${path.host}: ${mb(path.bytes)} at ${mb(path.bytes / (path.seconds || 1))}/s, parts: ${path.parts}, failures: ${path.failures}`,
    ),
    ...retries.map(({ code, count }) => `retried: ${count} x ${code}`),
    ...restarts.map(({ code }) => `restarted: ${code}`),
    `sent twice: ${mb(sentTwice)}`,
  ].join("\n");
}

/** @param {number} bytes */
function mb(bytes) {
  return `${(bytes / 1e6).toFixed(3)} MB`;
}
