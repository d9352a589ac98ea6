//! Makes what `wasm-pack` wrote smaller: the module is loaded in one way, the names between it and its JavaScript become a letter
//! or two, and the JavaScript is minified.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process::{capture, command, run};

/// The module's imports come from one JavaScript object, which wasm-bindgen knows by the module's name and `wasm-opt` by this one.
const IMPORTS: &str = "\"a\": import0";

/// Loads the module from beside the script. wasm-bindgen's own loader takes it from anywhere, and at once if need be.
const LOADER: &str = include_str!("shrink/loader.js");
const LOADER_TYPES: &str = "export default function init(): Promise<void>;\n";

pub(crate) fn shrink(pkg: &Path, module: &str) -> Result<()> {
    let names = shorten_names(&pkg.join(format!("{module}_bg.wasm")))?;
    let script = pkg.join(format!("{module}.js"));
    rewrite(&script, |source| names.in_script(&with_loader(source, module)?, module))?;
    rewrite(&pkg.join(format!("{module}.d.ts")), with_loader_types)?;
    rewrite(&pkg.join(format!("{module}_bg.wasm.d.ts")), |types| Ok(names.in_types(types)))?;
    minify(&script)
}

/// The script with our loader in place of wasm-bindgen's, which ends it.
fn with_loader(source: &str, module: &str) -> Result<String> {
    let (rest, own) =
        source.split_once("function __wbg_finalize_init(").context("wasm-bindgen's loader begins in a new way")?;
    let has_ours =
        rest.contains("let wasmModule, wasmInstance, wasm;") && rest.contains("function __wbg_get_imports() {");
    let has_more = !own.ends_with("export { initSync, __wbg_init as default };\n") || own.contains("__wbindgen_start");
    ensure!(has_ours && !has_more, "wasm-bindgen loads the module in a new way");
    Ok(format!("{rest}{}", LOADER.replace("MODULE", module)))
}

fn with_loader_types(types: &str) -> Result<String> {
    let (rest, _) =
        types.split_once("export type InitInput").context("wasm-bindgen declares its loader in a new way")?;
    Ok(format!("{rest}{LOADER_TYPES}"))
}

/// Minifies a script where it lies.
fn minify(script: &Path) -> Result<()> {
    let mut minify = command(
        "esbuild --minify --tree-shaking=true --format=esm --target=es2022 --allow-overwrite --log-level=warning",
    );
    run(minify.arg(script).arg(format!("--outfile={}", script.display())))
}

fn shorten_names(module: &Path) -> Result<Names> {
    let mut shorten = command("wasm-opt --minify-imports-and-exports-and-modules --strip-target-features");
    let printed = capture(shorten.arg(module).arg("-o").arg(module))?;
    let printed: Value = serde_json::from_str(&printed).context("wasm-opt printed no JSON of the names")?;
    Names::parse(&printed).context("wasm-opt did not print the names as expected")
}

fn rewrite(path: &Path, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))?;
    Ok(fs::write(path, change(&text).with_context(|| path.display().to_string())?)?)
}

/// The short name of each long one.
struct Names {
    imports: HashMap<String, String>,
    exports: HashMap<String, String>,
}

impl Names {
    /// Reads `{"imports": [[module, long, short], …], "exports": [[long, short], …]}`.
    fn parse(printed: &Value) -> Option<Self> {
        let table = |kind: &str| {
            let pairs = printed.get(kind)?.as_array()?.iter().map(|row| match row.as_array()?.as_slice() {
                [.., long, short] => Some((long.as_str()?.to_owned(), short.as_str()?.to_owned())),
                _ => None,
            });
            pairs.collect::<Option<_>>()
        };
        Some(Self { imports: table("imports")?, exports: table("exports")? })
    }

    /// An import is a property of the object of imports, an export is one of `wasm`.
    fn in_script(&self, source: &str, module: &str) -> Result<String> {
        let imports = format!("\"./{module}_bg.js\": import0");
        ensure!(source.matches(&imports).count() == 1, "wasm-bindgen names the module's imports in a new way");
        let mut source = source.replace(&imports, IMPORTS);
        for (long, short) in &self.imports {
            let property = format!(" {long}: ");
            ensure!(source.matches(&property).count() == 1, "wasm-bindgen writes the import {long} in a new way");
            source = source.replace(&property, &format!(" {short}: "));
        }
        let mut pieces = source.split("wasm.");
        let mut renamed = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let end = piece.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(piece.len());
            let (name, rest) = piece.split_at(end);
            renamed.extend(["wasm.", self.exports.get(name).map_or(name, String::as_str), rest]);
        }
        Ok(renamed)
    }

    fn in_types(&self, types: &str) -> String {
        self.exports.iter().fold(types.to_owned(), |types, (long, short)| {
            types.replace(&format!(" const {long}: "), &format!(" const {short}: "))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{LOADER, LOADER_TYPES, Names, with_loader, with_loader_types};

    fn names() -> Names {
        let printed = json!({
            "imports": [["./nearput_client_bg.js", "__wbg_now_1f", "a"]],
            "exports": [["engine_new", "b"], ["engine_new_2", "c"]],
        });
        Names::parse(&printed).expect("the names are as wasm-opt prints them")
    }

    #[test]
    fn every_name_is_shortened_where_module_and_script_meet_and_nowhere_else() {
        let source = "const import0 = { __wbg_now_1f: () => 1 }; return { \"./nearput_client_bg.js\": import0 }; \
                      engine_new(wasm.engine_new_2(wasm.engine_new), 'x.wasm');";
        let expected = "const import0 = { a: () => 1 }; return { \"a\": import0 }; \
                        engine_new(wasm.c(wasm.b), 'x.wasm');";
        assert_eq!(
            names().in_script(source, "nearput_client").expect("the script is as wasm-bindgen writes it"),
            expected
        );
    }

    #[test]
    fn a_script_without_one_of_the_imports_is_refused() {
        let lacking = "\"./nearput_client_bg.js\": import0";
        let error = names().in_script(lacking, "nearput_client").expect_err("the import is missing");
        assert!(error.to_string().contains("__wbg_now_1f"), "{error}");
    }

    #[test]
    fn the_types_tell_the_short_names() {
        assert_eq!(names().in_types("export const engine_new: () => void;"), "export const b: () => void;");
    }

    #[test]
    fn the_loader_is_ours_and_what_comes_before_it_is_left_alone() {
        let before = "function __wbg_get_imports() {}\nlet wasmModule, wasmInstance, wasm;\n";
        let theirs = "function __wbg_finalize_init() {}\nexport { initSync, __wbg_init as default };\n";
        let script =
            with_loader(&format!("{before}{theirs}"), "engine").expect("the script is as wasm-bindgen writes it");
        assert_eq!(script, format!("{before}{}", LOADER.replace("MODULE", "engine")));
        assert!(script.contains("engine_bg.wasm"), "{script}");
        let types =
            with_loader_types("export class Engine {}\nexport type InitInput = URL;\n").expect("so are the types");
        assert_eq!(types, format!("export class Engine {{}}\n{LOADER_TYPES}"));
    }

    #[test]
    fn a_loader_that_does_more_is_refused() {
        let before =
            "function __wbg_get_imports() {}\nlet wasmModule, wasmInstance, wasm;\nfunction __wbg_finalize_init() {";
        let exports_more = format!("{before}}}\nexport {{ initSync, another, __wbg_init as default }};\n");
        with_loader(&exports_more, "engine").expect_err("somebody may import it");
        let starts = format!("{before}wasm.__wbindgen_start();}}\nexport {{ initSync, __wbg_init as default }};\n");
        with_loader(&starts, "engine").expect_err("ours does not start anything");
        with_loader("let wasm;", "engine").expect_err("there is no loader");
    }
}
