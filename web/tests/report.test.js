import assert from "node:assert/strict";
import test from "node:test";

import { Task, reportText } from "nearput";

const REPORT = {
  site: "frankfurt",
  plan: "multipart",
  size: 100_000_000,
  seconds: 12.5,
  rate: 8_000_000,
  paths: [
    { id: "regional", host: "b.s3.eu-central-1.amazonaws.com", bytes: 60_000_000, seconds: 12, parts: 8, failures: 1 },
    { id: "accelerate", host: "b.s3-accelerate.amazonaws.com", bytes: 0, seconds: 0, parts: 0, failures: 3 },
  ],
  retries: [{ code: "storage_unreachable", count: 4 }],
  restarts: [{ code: "ticket_expired" }],
  sentTwice: 8_400_000,
};

const TEXT = `multipart to frankfurt: 100.000 MB in 12.5 s, 8.000 MB/s
regional b.s3.eu-central-1.amazonaws.com: 60.000 MB at 5.000 MB/s, parts: 8, failures: 1
accelerate b.s3-accelerate.amazonaws.com: 0.000 MB at 0.000 MB/s, parts: 0, failures: 3
retried: 4 x storage_unreachable
restarted: ticket_expired
sent twice: 8.400 MB`;

test("a report is a value and a text, of an upload that is done and of one that failed", () => {
  for (const end of [
    { type: "done", result: {} },
    { type: "failed", error: { code: "internal", message: "…", retryable: true } },
  ]) {
    let hear;
    const task = new Task(10, (ear) => {
      hear = ear;
      return () => {};
    });
    assert.equal(task.report, undefined);
    hear({ ...end, report: { ...REPORT } });
    assert.deepEqual({ ...task.report }, REPORT);
    assert.equal(String(task.report), TEXT);
  }
});

test("a report that came through JSON has a text too", () => {
  assert.equal(reportText(JSON.parse(JSON.stringify(REPORT))), TEXT);
});

test("an upload that failed before it had a site says so", () => {
  assert.match(reportText({ ...REPORT, site: undefined }), /^multipart to no site: /);
});
