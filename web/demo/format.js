const UNITS = ["B", "kB", "MB", "GB", "TB"];
/** So many decimals that a whole file's number does not tremble, but moves. */
const DECIMALS = [0, 0, 1, 2, 2];

/**
 * "0 B", "512 B", "840 kB", "12.3 MB", "1.07 GB".
 * @param {number} bytes
 */
export function formatBytes(bytes) {
  let unit = 0;
  // 999.95 MB would be shown as 1000.0 MB.
  while (bytes >= 999.95 && unit < UNITS.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${bytes.toFixed(DECIMALS[unit])} ${UNITS[unit]}`;
}

/** @param {number} rate in bytes per second; 0 while it is not known */
export function formatRate(rate) {
  return rate > 0 ? `${formatBytes(rate)}/s` : "";
}

/** @param {number} seconds */
export function formatDuration(seconds) {
  if (seconds < 1) return "under 1 s";
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : plural(Math.round(hours / 24), "day");
}

/** @param {number | undefined} seconds undefined while they are not known */
export function formatLeft(seconds) {
  return seconds === undefined ? "" : `${formatDuration(seconds)} left`;
}

/**
 * "just now", "12 min ago", "3 h 5 min ago".
 * @param {number} time in milliseconds since 1970
 */
export function formatAgo(time) {
  const seconds = (Date.now() - time) / 1000;
  return seconds < 60 ? "just now" : `${formatDuration(seconds)} ago`;
}

/**
 * @param {number} count
 * @param {string} noun
 */
export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * A site as people call it: "Tokyo".
 * @param {string} id
 */
export function formatSite(id) {
  return id.charAt(0).toUpperCase() + id.slice(1);
}
