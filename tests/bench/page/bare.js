// The bare limit: what this browser can do over these host names if nothing but the bytes must be sent.

addEventListener("message", async ({ data: { id, verb, ...job } }) => {
  try {
    const started = performance.now();
    await verbs[verb](job);
    postMessage({ id, took: performance.now() - started });
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
});

const verbs = {
  async warm({ urls, connections }) {
    // A connection that is busy makes the next request open another.
    await eachLane(urls, connections, (url) => fetch(`${url}/nearput-probe?${random()}`));
  },

  async putParts({ file, urls, connections, partSize }) {
    let next = 0;
    await eachLane(urls, connections, async (url) => {
      while (next * partSize < file.size) {
        const begin = partSize * next++;
        await put(`${url}/bare/${random()}?${signed()}`, file.slice(begin, begin + partSize));
      }
    });
  },

  async postForms({ files, urls, connections }) {
    let next = 0;
    await eachLane(urls, connections, async (url) => {
      while (next < files.length) await post(url, files[next++]);
    });
  },
};

/** So many lanes to each address, which take from one heap. */
function eachLane(urls, connections, run) {
  const lanes = Array.from({ length: connections }, () => urls).flat();
  return Promise.all(lanes.map(run));
}

/** @returns {Promise<void>} */
function put(url, body) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=");
    request.onload = () => (request.status === 200 ? resolve() : reject(new Error(`PUT was answered ${request.status}`)));
    request.onerror = () => reject(new Error("PUT failed"));
    request.send(body);
  });
}

async function post(url, file) {
  const form = new FormData();
  form.append("key", `bare/${random()}`);
  form.append("content-type", "application/octet-stream");
  form.append("x-amz-algorithm", "AWS4-HMAC-SHA256");
  form.append("x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20261125/eu-central-1/s3/aws4_request");
  form.append("x-amz-date", "20261125T000000Z");
  form.append("policy", random().repeat(10));
  form.append("x-amz-signature", random());
  form.append("file", file);
  const answer = await fetch(url, { method: "POST", body: form });
  if (!answer.ok) throw new Error(`POST was answered ${answer.status}`);
}

/** A query as long as that of a signed request, and as new: so each is asked for by a preflight. */
function signed() {
  return (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261125%2Feu-central-1%2Fs3%2Faws4_request" +
    "&X-Amz-Date=20261125T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-crc64nvme" +
    `&X-Amz-Signature=${random()}`
  );
}

/** 64 hexadecimal digits. */
function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
