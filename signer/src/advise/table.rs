//! The advice as text, for lines of up to 118 columns.

use std::fmt::Write;

use super::report::Advice;
use super::speed::Speed;

const WIDTH: usize = 100;
const NAME: usize = 19;

/// All of the advice.
pub(super) fn write(advice: &Advice) -> String {
    let mut text = String::new();
    for warning in &advice.warnings {
        line(&mut text, "", &format!("Warning: {warning}."));
    }
    totals(&mut text, advice);
    round_trips(&mut text, advice);
    heading(&mut text, "What is in it, in US dollars a month without the storage of the first copy");
    for row in &advice.topologies {
        let place = if row.regions.is_empty() { String::new() } else { format!(" in {}", row.regions.join(", ")) };
        let items: Vec<_> = row.cost.items.iter().map(|item| format!("{} {:.2}", item.what, item.usd)).collect();
        line(&mut text, "  ", &format!("{}{place}: {}", row.name, items.join(", ")));
    }
    if let Some(recommended) = &advice.recommended {
        heading(&mut text, &format!("Recommended: {recommended}"));
        for reason in &advice.reasons {
            line(&mut text, "  ", reason);
        }
        heading(&mut text, "Why not the others");
        for (name, against) in others(advice) {
            line(&mut text, "  ", &format!("{name}: {against}"));
        }
    }
    heading(&mut text, "What this rests on");
    line(
        &mut text,
        "  ",
        &format!(
            "Prices of {}, without free allowances and taxes; round trips between AWS's regions, measured by others, of {}; an \
             assumed line to the user's home. A month has {:.0} files, and half of them are no larger than {}. An upload is four \
             round trips, two more (or one, up to 1 MiB) for each part that a connection sends, and the file's size over the \
             user's line or over what its connections carry.",
            advice.prices_of, advice.round_trips_of, advice.files_a_month, advice.typical_file
        ),
    );
    text
}

fn totals(text: &mut String, advice: &Advice) {
    let file = format!("{} in", advice.typical_file);
    let head = ["$ a month", "first copy", "total", "farthest", file.as_str()];
    let _ = writeln!(
        text,
        "{:NAME$}{:>11}{:>12}{:>12}{:>11}{:>12}",
        "topology", head[0], head[1], head[2], head[3], head[4]
    );
    for row in &advice.topologies {
        let most = |of: fn(&Speed) -> f64| row.speed.iter().map(of).max_by(f64::total_cmp);
        let far = most(|speed| speed.round_trip_ms).map_or("?".to_owned(), |ms| format!("{ms:.0} ms"));
        let slow = most(|speed| speed.upload_seconds).map_or("?".to_owned(), |seconds| format!("{seconds:.1} s"));
        let cost = &row.cost;
        let _ = writeln!(
            text,
            "{:NAME$}{:>11.2}{:>12.2}{:>12.2}{far:>11}{slow:>12}",
            row.name, cost.beside_storage, cost.first_copy, cost.total
        );
    }
}

fn round_trips(text: &mut String, advice: &Advice) {
    let Some(first) = advice.topologies.iter().find(|row| !row.speed.is_empty()) else { return };
    heading(
        text,
        "Round trips in milliseconds, to the bucket; before the slash, to the edge where the connection ends",
    );
    let width = |name: &str| name.len().max(7) + 2;
    let names: Vec<_> = first.speed.iter().map(|speed| speed.group.name()).collect();
    let columns: String = names.iter().map(|name| format!("{name:>0$}", width(name))).collect();
    let _ = writeln!(text, "{:NAME$}{columns}", "");
    for row in advice.topologies.iter().filter(|row| !row.speed.is_empty()) {
        let cell = |speed: &super::speed::Speed| {
            let edge = speed.edge_ms.map(|ms| format!("{ms:.0}/")).unwrap_or_default();
            format!("{:>1$}", format!("{edge}{:.0}", speed.round_trip_ms), width(speed.group.name()))
        };
        let _ = writeln!(text, "{:NAME$}{}", row.name, row.speed.iter().map(cell).collect::<String>());
    }
}

fn others(advice: &Advice) -> impl Iterator<Item = (&str, &str)> {
    let rows = advice.topologies.iter().filter_map(|row| Some((row.name.as_str(), row.against.as_deref()?)));
    rows.chain(advice.left_out.iter().map(|left| (left.name.as_str(), left.reason.as_str())))
}

fn heading(text: &mut String, words: &str) {
    let _ = writeln!(text, "\n{words}");
}

/// Words in lines of a readable width, the further ones set in.
fn line(text: &mut String, indent: &str, words: &str) {
    let mut width = indent.len();
    text.push_str(indent);
    for (index, word) in words.split(' ').enumerate() {
        if index > 0 && width + 1 + word.chars().count() > WIDTH {
            text.push('\n');
            text.push_str(indent);
            text.push_str("  ");
            width = indent.len() + 2;
        } else if index > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += word.chars().count();
    }
    text.push('\n');
}
