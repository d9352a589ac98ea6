/** @import { Report } from "../nearput.js" */

import { formatBytes, formatDuration, formatRate, plural } from "./format.js";
import { find, setText } from "./painter.js";

/** How long the button says that it has copied. */
const THANKS_MS = 2000;

/**
 * Shows how an upload went, and copies it as text.
 * @param {HTMLElement} details
 * @param {Report} report
 * @param {string} headline what was uploaded and how it ended: the copy's first line
 */
export function showReport(details, report, headline) {
  const { site, plan, seconds, rate, paths, retries, restarts, sentTwice } = report;
  setText(details, ".report-summary", `${plan} to ${site ?? "no site"} in ${formatDuration(seconds)}, ${formatRate(rate)}`);
  find(details, ".report-paths").replaceChildren(
    ...paths.map((path) =>
      cells("td", path.id, path.host, formatBytes(path.bytes), formatRate(path.bytes / (path.seconds || Infinity)), path.failures),
    ),
  );
  const troubles = [
    ...retries.map(({ code, count }) => `${code} ${plural(count, "time")}`),
    ...restarts.map(({ code }) => `started anew (${code})`),
    ...(sentTwice ? [`${formatBytes(sentTwice)} sent twice`] : []),
  ];
  setText(details, ".report-troubles", `Retries: ${troubles.join(", ") || "none"}`);

  const button = find(details, ".report-copy");
  button.onclick = async () => {
    const done = await navigator.clipboard.writeText(`${headline}\n${report}`).then(
      () => "Copied",
      () => "Not allowed to copy",
    );
    button.textContent = done;
    setTimeout(() => (button.textContent = "Copy report"), THANKS_MS);
  };
}

/**
 * @param {string} tag
 * @param {(string | number)[]} texts
 */
function cells(tag, ...texts) {
  const row = document.createElement("tr");
  for (const text of texts) row.append(Object.assign(document.createElement(tag), { textContent: text }));
  return row;
}
