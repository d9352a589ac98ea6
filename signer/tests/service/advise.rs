//! `signer advise`, as an operator runs it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const ANSWERS: [&str; 6] = ["--volume", "1000", "--files", "200MB", "--users", "japan:50,europe:50"];

fn advise(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_signer")).arg("advise").args(arguments).env_clear().output().expect("runs")
}

fn json(arguments: &[&str]) -> Value {
    let output = advise(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn topologies_are_written_side_by_side_and_as_json() {
    let output = advise(&ANSWERS);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.starts_with("topology ") && text.contains("\nRecommended: direct\n"),
        "{text}"
    );
    assert_eq!(json(&ANSWERS)["recommended"], "direct");
}

#[test]
fn answers_come_from_a_file_and_flags_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wishes.toml");
    std::fs::write(&file, "volume = 1000\nfiles = '200MB'\nusers = 'europe:100'\nround-trip = 100\n").expect("written");
    let from = ["--from", file.to_str().expect("text")];
    let groups = |advice: Value| advice["topologies"][0]["speed"].as_array().expect("a list").len();
    assert_eq!(groups(json(&from)), 1);
    assert_eq!(groups(json(&[&from[..], &["--users", "japan:50,europe:50"]].concat())), 2);
}

#[test]
fn other_prices_and_round_trips_can_be_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = |name: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a file");
        assert!(text.contains(from), "{from}");
        let file = folder.path().join(name);
        std::fs::write(&file, text.replacen(from, to, 1)).expect("written");
        file.to_str().expect("text").to_owned()
    };
    let prices = own("prices.toml", "storage = { usd = 0.023", "storage = { usd = 0.046");
    let round_trips = own("round-trips.toml", "last_mile_ms = 10", "last_mile_ms = 510");
    let advice = json(&[&ANSWERS[..], &["--prices", &prices, "--round-trips", &round_trips]].concat());
    assert_eq!(advice["topologies"][0]["cost"]["first_copy"], 46.0);
    assert!(advice["topologies"][0]["speed"][0]["round_trip_ms"].as_f64().expect("a number") > 510.0);
}

#[test]
fn what_cannot_be_used_is_named_and_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = folder.path().join("wrong.toml");
    std::fs::write(&wrong, "volum = 1").expect("written");
    let wrong = wrong.to_str().expect("text");
    let cases: [(&[&str], &str); 6] = [
        (&[], "--volume"),
        (&["--volume", "1000", "--files", "200", "--users", "europe:100"], "`200` is no size"),
        (&["--from", "/nowhere.toml"], "/nowhere.toml cannot be read"),
        (&["--from", wrong], "volum"),
        (&["--prices", wrong], "wrong.toml: these are no prices"),
        (&["--round-trips", wrong], "wrong.toml: these are no round trips"),
    ];
    for (arguments, named) in cases {
        let output = advise(arguments);
        assert!(
            !output.status.success() && said(&output).contains(named),
            "{named} is not named in: {}",
            said(&output)
        );
    }
}
