// How the package is used, for the compiler to check: nothing runs this.

import { connect, isNearputError, reportText } from "nearput";
import type { InterruptedUpload, Progress, Replica, SiteMeasurement, Task, TaskStep, UploadResult } from "nearput";

declare const file: File;
declare const input: HTMLInputElement;
declare const handle: FileSystemFileHandle;

const nearput = connect("https://sign.example.com", { token: async () => "token", stallAfter: 10_000, resume: false });

const task: Task = nearput.upload(file, { handle, priority: 1, metadata: { album: "2026" } });
const result: UploadResult = await task.result;
const several = await nearput.upload(input.files ?? []).result;
const failed: unknown[] = several.map((outcome) => (outcome.status === "rejected" ? outcome.reason : outcome.value.key));

for await (const step of task) {
  const { state, progress, reason }: TaskStep = step;
  console.log(state, progress.left?.toFixed(), reason?.code === "in_other_tab");
}
const sites: SiteMeasurement[] = await nearput.sites();
nearput.addEventListener("sites", () => console.log(sites.find(({ chosen }) => chosen)?.latency?.toFixed()));
task.addEventListener("site", () => console.log(task.site));
const copies: Replica[] = await task.replicated();
const copiesOfEach: Replica[][] = await nearput.upload(input.files ?? []).replicated();
connect(["https://sign.example.com", "https://sign.eu.example.com"]);
task.addEventListener("restart", () => console.log(task.restarts.at(-1)?.message));
nearput.addEventListener("progress", () => console.log(nearput.progress satisfies Progress));
if (task.report) console.log(String(task.report), reportText(task.report));

const interrupted: InterruptedUpload[] = await nearput.interrupted();
for (const upload of interrupted) await upload.resume(file).result.catch((error) => isNearputError(error) && error.code);

// @ts-expect-error there is no such option
nearput.upload(file, { nam: "x" });
// @ts-expect-error a handle is of one file
nearput.upload([file], { handle });
// @ts-expect-error a stream has no known size
nearput.upload(file.stream());

export { copies, copiesOfEach, failed, result };
