import { connect } from "nearput";

const { signer, token } = await (await fetch("/demo.json")).json();
const nearput = connect(signer, { token });

document.querySelector("input").addEventListener("change", async ({ target }) => {
  const result = await nearput.upload(target.files[0]).result;
  dispatchEvent(new CustomEvent("uploaded", { detail: result }));
});
