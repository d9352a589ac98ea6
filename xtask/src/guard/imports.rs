//! Which files a page loads when it imports one: all that ES modules name, by `import`, `export … from`, `import()` or `new URL()`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// `entry` and every file that it names, directly or through others; paths are relative to `folder`.
pub(crate) fn closure(folder: &Path, entry: &str) -> Result<BTreeSet<PathBuf>> {
    let mut loaded = BTreeSet::new();
    let mut waiting = vec![PathBuf::from(entry)];
    while let Some(file) = waiting.pop() {
        if !loaded.insert(file.clone()) || file.extension().is_none_or(|extension| extension != "js") {
            continue;
        }
        let path = folder.join(&file);
        let source = fs::read_to_string(&path).with_context(|| format!("{} could not be read", path.display()))?;
        let beside = file.parent().unwrap_or(Path::new(""));
        waiting.extend(named(&source).into_iter().map(|name| beside.join(name)));
    }
    Ok(loaded)
}

/// The relative addresses of modules and files that a source names as literals.
fn named(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for before in ["from", "import", "import(", "new URL("] {
        for (at, _) in source.match_indices(before) {
            let (line_so_far, rest) =
                (source[..at].rsplit('\n').next().unwrap_or_default(), &source[at + before.len()..]);
            if !is_comment(line_so_far) {
                names.extend(literal(rest).filter(|name| !name.contains(':')));
            }
        }
    }
    names.into_iter().map(|name| name.strip_prefix("./").unwrap_or(name)).collect()
}

// Types are imported in comments (JSDoc): a page does not load those.
fn is_comment(line_so_far: &str) -> bool {
    let line = line_so_far.trim_start();
    line.starts_with("//") || line.starts_with('*') || line.rfind("/**") > line.rfind("*/")
}

fn literal(source: &str) -> Option<&str> {
    // Minified sources have no space here.
    let source = source.trim_start_matches(' ');
    let quote = source.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    source[1..].split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn every_way_to_name_a_file_is_seen() {
        let source = r#"
            import init, { Engine } from "./pkg/client.js";
            import "./polyfill.js";
            export { Task } from './task.js';
            const late = await import("./late.js");
            new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
            module = new URL('client_bg.wasm', import.meta.url);
            import n,{Engine as e}from"./minified.js";import"./tiny.js";
        "#;
        let mut names = named(source);
        names.sort_unstable();
        let plain = ["client_bg.wasm", "late.js", "pkg/client.js", "polyfill.js", "task.js", "worker.js"];
        let minified = ["minified.js", "tiny.js"];
        assert_eq!(names, [&plain[..2], &minified[..1], &plain[2..5], &minified[1..], &plain[5..]].concat());
    }

    #[test]
    fn imports_of_types_in_comments_are_not_loaded() {
        let source = r#"
            /** @import { Options } from "./nearput.d.ts" */
            /**
             * @type {import("./task.js").Event}
             */
            // see import("./old.js")
            const name = /** @type {import("./x.d.ts").Name} */ (other);
        "#;
        assert!(named(source).is_empty(), "{:?}", named(source));
    }

    #[test]
    fn code_after_a_comment_and_globs_in_strings_are_no_comments() {
        let source = r#"const all = "*/*"; /** @type {any} */ (await import("./late.js"));"#;
        assert_eq!(named(source), ["late.js"]);
    }

    #[test]
    fn names_that_are_computed_or_absolute_are_left_out() {
        assert!(named(r#"new URL(name, base); new URL("https://example.com/x.js"); import(name)"#).is_empty());
    }
}
