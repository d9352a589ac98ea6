/** Credentials mode, within the package: parts are signed in the browser. */

/** What `/v1/credentials` answers. */
export interface Credentials {
  /** The signer's clock, in milliseconds since the epoch. */
  server_time: number;
  site: string;
  region: string;
  bucket: string;
  /** They can put objects whose keys begin with it, and nothing else. */
  prefix: string;
  access_key_id: string;
  secret_access_key: string;
  session_token: string;
  /** In milliseconds since the epoch. */
  expires_at: number;
}

export interface PartToSign {
  number: number;
  /** In bytes. */
  size: number;
  /** Base64, where the site has an algorithm. */
  checksum?: string | null;
}

/** A request to send as it is. */
export interface SignedPart {
  number: number;
  method: string;
  /** By the path's id. */
  urls: Record<string, string>;
  headers: Record<string, string>;
  /** In milliseconds since the epoch. */
  expires_at: number;
}
