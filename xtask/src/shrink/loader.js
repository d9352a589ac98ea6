/** @type {Promise<void> | undefined} */
let loading;

export default function init() {
    loading ??= load();
    // Whoever asks again after a failure gets another try.
    loading.catch(() => (loading = undefined));
    return loading;
}

async function load() {
    const response = await fetch(new URL("MODULE_bg.wasm", import.meta.url));
    if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
    // Not the streaming variant: for a module of this size it gains nothing, and it needs servers that know wasm's media type.
    const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), __wbg_get_imports());
    wasm = instance.exports;
}
