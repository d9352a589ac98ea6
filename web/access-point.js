/** @import { Connection } from "./engine.d.ts" */

import { askSigners } from "./ask-signers.js";

/** An access point that does not answer for so long is left to itself. In milliseconds. */
const PATIENCE_MS = 20_000;

/**
 * Opens an upload by a Multi-Region Access Point, which sends it to the bucket that is nearest to this browser. It is the browser that
 * creates the upload; the signer then finds out where it is.
 * @param {Pick<Connection, "signers" | "askToken">} connection
 * @param {{ site: string, file: { parts: unknown[] } }} upload
 * @returns {Promise<object>} as the signer answers for an upload that it has opened itself
 */
export async function openByAccessPoint(connection, { site, file }) {
  const asked = await askSigners(connection, "/v1/uploads", { site, by_access_point: true, files: [{ ...file, parts: [] }] });
  const { ticket, create } = asked.uploads[0];
  const [url] = Object.values(create.urls);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(url, { method: create.method, headers: create.headers, credentials: "omit", signal });
  const id = response.ok && /<UploadId>([^<]+)</.exec(await response.text())?.[1];
  if (!id) throw new Error(`the access point answered ${response.status}`);
  const created = (/** @type {unknown[]} */ parts) =>
    askSigners(connection, "/v1/uploads/created", { ticket, upload_id: id, parts });
  const opened = await created(file.parts);
  if (opened.uploads?.[0]?.ticket) return opened;
  // It is there, and nobody goes on with it.
  const left = (await created([])).uploads?.[0]?.ticket;
  if (left) await askSigners(connection, "/v1/uploads/abort", { ticket: left });
  throw new Error("the signer does not go on with what the access point has opened");
}
