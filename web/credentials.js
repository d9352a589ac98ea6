/** @import { Credentials, PartToSign, SignedPart } from "./credentials-mode.d.ts" */

import init, { presign } from "./pkg/nearput_sigv4.js";

/** How long a signed request is good for, as where the signer signs. */
const LIFETIME_MS = 15 * 60_000;

/**
 * Signs the parts of one upload in the browser, by temporary credentials.
 * @param {{ credentials: Credentials, sample: SignedPart, now: number }} context `sample` is any part of the upload as the signer has
 *   signed it: it says where the upload is. `now` is by the signer's clock, in milliseconds.
 * @param {PartToSign[]} parts
 * @returns {Promise<SignedPart[]>}
 */
export async function signParts({ credentials, sample, now }, parts) {
  await init();
  const start = Math.floor(now / 1000) * 1000;
  const seconds = Math.floor(Math.min(LIFETIME_MS, credentials.expires_at - start) / 1000);
  if (seconds < 1) throw new RangeError("The temporary credentials have ended.");
  const signing = [
    credentials.access_key_id,
    credentials.secret_access_key,
    credentials.session_token,
    credentials.region,
    new Date(start).toISOString().replace(/[-:]|\.\d+/g, ""),
  ].join("\n");

  const addresses = Object.entries(sample.urls);
  const headers = parts.map((part) => headersOf(part, sample));
  const requests = parts.flatMap((part, index) => {
    const signed = Object.entries({ ...headers[index], "content-length": part.size });
    const lines = signed.map(([name, value]) => `${name}:${value}`);
    return addresses.map(([, url]) => [sample.method, addressOf(part, url), ...lines, ""].join("\n"));
  });
  const urls = presign(signing, requests.join("\n"), seconds).split("\n");
  return parts.map((part, index) => ({
    number: part.number,
    method: sample.method,
    urls: Object.fromEntries(addresses.map(([path], place) => [path, urls[index * addresses.length + place]])),
    headers: headers[index],
    expires_at: start + seconds * 1000,
  }));
}

/**
 * @param {PartToSign} part
 * @param {SignedPart} sample
 */
function headersOf({ checksum }, sample) {
  const name = Object.keys(sample.headers).find((name) => name.startsWith("x-amz-checksum-"));
  return /** @type {Record<string, string>} */ (name && checksum ? { [name]: checksum } : {});
}

/**
 * The address of another part of the same upload, unsigned.
 * @param {PartToSign} part
 * @param {string} url
 */
function addressOf({ number }, url) {
  const [address, query] = url.split("?");
  const kept = query.split("&").filter((pair) => !/^(X-Amz-|partNumber=)/.test(pair));
  return `${address}?${[`partNumber=${number}`, ...kept].join("&")}`;
}
