//! The configurations of `TOPOLOGIES.md` are complete and valid.

use std::path::Path;

use super::Config;

const PAGE: &str = include_str!("../../TOPOLOGIES.md");
const NAMES: [&str; 6] = ["direct", "accelerated", "hybrid", "multi-region", "mrap", "custom"];

fn blocks() -> Vec<&'static str> {
    PAGE.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn every_configuration_of_the_page_of_topologies_is_accepted() {
    for block in blocks() {
        Config::parse(block).unwrap_or_else(|error| panic!("{error}\n{block}"));
    }
}

#[test]
fn the_page_of_topologies_has_a_configuration_for_each_of_them() {
    for name in NAMES {
        let section =
            PAGE.split(&format!("\n## {name}\n")).nth(1).and_then(|rest| rest.split("\n## ").next()).expect(name);
        assert!(section.contains(&format!("```toml\ntopology = \"{name}\"\n")), "{name}");
    }
    assert!(blocks().len() >= NAMES.len());
}

#[test]
fn every_link_of_the_page_of_topologies_leads_to_a_heading_or_a_file() {
    let anchor = |heading: &str| -> String {
        let kept = heading.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for link in PAGE.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if link.starts_with("https://") {
            continue;
        }
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        let path = folder.join(if file.is_empty() { "TOPOLOGIES.md" } else { file });
        assert!(path.exists(), "{link}");
        let has = |page: String| {
            page.lines().any(|line| line.starts_with('#') && anchor(line.trim_start_matches(['#', ' '])) == heading)
        };
        assert!(heading.is_empty() || has(std::fs::read_to_string(&path).expect("a page")), "{link}");
    }
}
