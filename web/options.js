/** @typedef {{ is: (value: any) => boolean, must: string }} Rule */

const MIB = 1024 * 1024;

/** @type {Rule} */
const text = { is: (value) => typeof value === "string", must: "a string" };
/** @type {Rule} */
const truth = { is: (value) => typeof value === "boolean", must: "true or false" };
/** @type {Rule} */
const milliseconds = { is: (value) => value > 0 && Number.isFinite(value), must: "a number of milliseconds above 0" };

/** @type {Record<string, Rule>} */
export const CONNECT_OPTIONS = {
  token: {
    is: (value) => text.is(value) || typeof value === "function",
    must: "a string or a function",
  },
  worker: truth,
  resume: truth,
  concurrency: { is: (value) => isInteger(value, 1, 64), must: "a whole number from 1 to 64" },
  partSize: {
    is: (value) => isInteger(value, 8 * MIB, 5120 * MIB),
    must: "a whole number of bytes from 8 MiB to 5 GiB",
  },
  giveUpAfter: milliseconds,
  stallAfter: milliseconds,
  signing: { is: (value) => value === "signer" || value === "browser", must: '"signer" or "browser"' },
};

/** @type {Record<string, Rule>} */
export const FILE_OPTIONS = {
  name: text,
  type: text,
  access: text,
  metadata: {
    is: (value) => isObject(value) && Object.values(value).every(text.is),
    must: "an object whose values are strings",
  },
  priority: { is: Number.isSafeInteger, must: "a whole number" },
  handle: { is: (value) => typeof value?.getFile === "function", must: "a FileSystemFileHandle" },
  resume: truth,
  signal: { is: (value) => value instanceof AbortSignal, must: "an AbortSignal" },
};

/**
 * @param {string} call what the options were given to, for the message
 * @param {unknown} options
 * @param {Record<string, Rule>} rules
 * @throws {TypeError} naming the option that is unknown or has a wrong value
 */
export function checkOptions(call, options, rules) {
  if (!isObject(options)) throw new TypeError(`${call}: the options must be an object.`);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) {
      throw new TypeError(`${call}: there is no option "${name}". The options are: ${Object.keys(rules).join(", ")}.`);
    }
    if (value !== undefined && !rules[name].is(value)) {
      throw new TypeError(`${call}: the option "${name}" must be ${rules[name].must}.`);
    }
  }
}

/**
 * @param {unknown} signer one address, or several
 * @returns {string[]} without trailing slashes
 * @throws {TypeError}
 */
export function checkSigners(signer) {
  return (Array.isArray(signer) && signer.length ? signer : [signer]).map(checkSigner);
}

/** @param {unknown} signer */
function checkSigner(signer) {
  let address;
  try {
    if (text.is(signer)) address = new URL(/** @type {string} */ (signer));
  } catch {
    // Reported below, with the other addresses that will not do.
  }
  if (!address || !/^https?:$/.test(address.protocol) || address.search || address.hash) {
    throw new TypeError(`connect(): the signer must be an absolute http(s) address, not "${signer}".`);
  }
  return address.href.replace(/\/+$/, "");
}

/** @param {unknown} value */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/**
 * @param {unknown} value
 * @param {number} least
 * @param {number} most
 */
function isInteger(value, least, most) {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}
