// Runs in Nearput's worker before its own script, and tells the page how large the module's memory is.

const channel = new BroadcastChannel("module's memory");

for (const name of ["instantiate", "instantiateStreaming"]) {
  const native = WebAssembly[name];
  WebAssembly[name] = async (...given) => {
    const made = await native.apply(WebAssembly, given);
    // Its name has been shortened.
    const memory = Object.values((made.instance ?? made).exports).find((value) => value instanceof WebAssembly.Memory);
    setInterval(() => channel.postMessage(memory.buffer.byteLength), 100);
    return made;
  };
}
