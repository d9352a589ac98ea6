import assert from "node:assert/strict";
import test from "node:test";

import { connect } from "nearput";
import { CONNECT_OPTIONS, FILE_OPTIONS, checkOptions, checkSigners } from "../options.js";

test("an unknown option is a TypeError that names it and lists those there are", () => {
  assert.throws(() => connect("https://sign.example.com", { concurency: 4 }), {
    name: "TypeError",
    message:
      'connect(): there is no option "concurency". The options are: token, worker, resume, concurrency, partSize, giveUpAfter, stallAfter, signing.',
  });
});

test("a name that every object has is not an option", () => {
  assert.throws(() => checkOptions("upload()", { constructor: "x" }, FILE_OPTIONS), /no option "constructor"/);
});

const WRONG = [
  [CONNECT_OPTIONS, "token", 5],
  [CONNECT_OPTIONS, "worker", "no"],
  [CONNECT_OPTIONS, "concurrency", 0],
  [CONNECT_OPTIONS, "concurrency", 2.5],
  [CONNECT_OPTIONS, "partSize", 8 * 1024 * 1024 - 1],
  [CONNECT_OPTIONS, "giveUpAfter", Infinity],
  [CONNECT_OPTIONS, "giveUpAfter", "5000"],
  [CONNECT_OPTIONS, "stallAfter", 0],
  [CONNECT_OPTIONS, "resume", 1],
  [FILE_OPTIONS, "name", null],
  [FILE_OPTIONS, "priority", 1.5],
  [FILE_OPTIONS, "handle", {}],
  [FILE_OPTIONS, "resume", "yes"],
  [FILE_OPTIONS, "metadata", { pages: 3 }],
  [FILE_OPTIONS, "signal", {}],
];
for (const [rules, name, value] of WRONG) {
  test(`the option ${name} does not take ${JSON.stringify(value)}`, () => {
    assert.throws(() => checkOptions("a call", { [name]: value }, rules), {
      name: "TypeError",
      message: new RegExp(`^a call: the option "${name}" must `),
    });
  });
}

test("options that are right or undefined pass", () => {
  checkOptions("a call", { token: async () => "t", worker: false, partSize: 8 * 1024 * 1024, giveUpAfter: 1 }, CONNECT_OPTIONS);
  checkOptions("a call", { resume: false, stallAfter: 10_000 }, CONNECT_OPTIONS);
  checkOptions("a call", { priority: -1, handle: { getFile() {} }, resume: true }, FILE_OPTIONS);
  checkOptions("a call", { name: undefined, metadata: { a: "b" }, signal: AbortSignal.abort() }, FILE_OPTIONS);
});

test("a signer's address loses its trailing slash and keeps its path", () => {
  assert.deepEqual(checkSigners("https://example.com/sign/"), ["https://example.com/sign"]);
});

test("several signers keep their order", () => {
  assert.deepEqual(checkSigners(["https://a.example", "https://b.example/"]), ["https://a.example", "https://b.example"]);
});

for (const wrong of [undefined, "", "sign.example.com", "/sign", "ftp://example.com", "https://example.com/?a=b", [], ["https://a.example", ""]]) {
  test(`${JSON.stringify(wrong)} is no address of a signer`, () => {
    assert.throws(() => checkSigners(wrong), { name: "TypeError", message: /absolute http\(s\) address/ });
  });
}
