//! The arithmetic, and what must hold of any advice.

use proptest::prelude::*;
use serde_json::Value;

use super::places::Group;
use super::report::Row;
use super::*;

const TODAY: &str = "2026-11-26";

fn day(text: &str) -> Date {
    serde_json::from_value(Value::from(text)).expect("a day")
}

fn answers(text: &str) -> Answers {
    Answers::parse(text).expect("answers")
}

fn advice(answers: &Answers) -> Advice {
    let (prices, round_trips) = (Prices::built_in(), RoundTrips::built_in());
    let wishes = answers.wishes(&prices, &round_trips).expect("wishes");
    advise(&wishes, &prices, &round_trips, day(TODAY))
}

fn row<'a>(advice: &'a Advice, name: &str) -> &'a Row {
    advice.topologies.iter().find(|row| row.name == name).expect(name)
}

fn cents(usd: f64) -> i64 {
    (usd * 100.0).round() as i64
}

fn item(row: &Row, what: &str) -> i64 {
    row.cost.items.iter().find(|item| item.what == what).map_or(0, |item| cents(item.usd))
}

/// 1 TB a month in parts of 8 MiB. A TB is 10^12 bytes here. Files of 50 GB need next to nothing but parts.
fn terabyte(rest: &str) -> Advice {
    advice(&answers(&format!("volume = 1000\nfiles = '50GB'\n{rest}")))
}

#[test]
fn a_terabyte_sent_directly_costs_60_cents_of_requests() {
    let advice = terabyte("users = 'europe:100'");
    let direct = row(&advice, "direct");
    assert_eq!(item(direct, "requests"), 60);
    assert_eq!(cents(direct.cost.first_copy), 2300);
    // Besides: a hosted zone, and a few calls of the signer.
    assert_eq!((item(direct, "DNS"), item(direct, "signer"), cents(direct.cost.beside_storage)), (50, 2, 111));
}

#[test]
fn a_terabyte_accelerated_costs_40_to_80_dollars_more() {
    for (users, usd) in [("europe", 40), ("japan", 40), ("north-america", 40), ("asia", 80), ("oceania", 80)] {
        let advice = terabyte(&format!("users = '{users}:100'"));
        for name in ["accelerated", "hybrid"] {
            assert_eq!(item(row(&advice, name), "acceleration"), usd * 100, "{users}, {name}");
        }
    }
}

#[test]
fn a_terabyte_sent_through_cloudfront_costs_20_to_160_dollars_of_bytes() {
    for (users, usd) in [("north-america", 20), ("europe", 20), ("asia", 60), ("south-america", 130), ("india", 160)] {
        let advice = terabyte(&format!("users = '{users}:100'"));
        assert_eq!(item(row(&advice, "up by CloudFront"), "CloudFront bytes"), usd * 100, "{users}");
    }
    // 119,250 requests at 0.01 for 10,000.
    assert_eq!(item(row(&terabyte("users = 'north-america:100'"), "up by CloudFront"), "CloudFront requests"), 12);
}

#[test]
fn a_mesh_of_three_regions_costs_70_dollars_and_the_storage_of_two_more_copies() {
    // Each byte goes to two other regions: 2 x 1000 x 0.02, and 2 x 1000 x 0.015 for Replication Time Control.
    let mesh =
        terabyte("users = 'europe:50,north-america:50'\nresidency = 'us-east-1,eu-west-1,eu-central-1'\nrtc = true");
    let mesh = row(&mesh, "multi-region of 3");
    let (transfer, control) = (item(mesh, "replication"), item(mesh, "replication time control"));
    assert_eq!((transfer, control, transfer + control), (4000, 3000, 7000));
    assert_eq!(item(mesh, "further copies"), 2 * 2300);
    assert_eq!((item(mesh, "requests"), item(mesh, "replication requests")), (60, 119));
    assert_eq!((item(mesh, "health checks"), item(mesh, "calls by health checks"), item(mesh, "DNS")), (450, 802, 50));
    assert_eq!(cents(mesh.cost.total), 15_382, "with the first copy");
    let without = terabyte("users = 'europe:100'");
    assert_eq!(item(row(&without, "multi-region of 3"), "replication time control"), 0, "an option, not a default");
}

#[test]
fn bytes_that_leave_a_region_cost_what_that_region_takes() {
    let places = "residency = 'ap-northeast-1,us-east-1'\nusers";
    for (users, usd) in [("japan:100", 90), ("north-america:100", 20), ("japan:50,north-america:50", 55)] {
        let advice = terabyte(&format!("{places} = '{users}'"));
        assert_eq!(item(row(&advice, "multi-region of 2"), "replication"), usd * 100, "{users}");
    }
}

#[test]
fn an_access_point_costs_routing_and_the_way_to_its_edge() {
    let places = "residency = 'eu-west-1,us-east-1'\nusers";
    for (users, edge) in [("europe:100", 250), ("india:100", 5000), ("europe:50,north-america:50", 250)] {
        let advice = terabyte(&format!("{places} = '{users}'"));
        let mrap = row(&advice, "mrap of 2");
        assert_eq!((item(mrap, "access point routing"), item(mrap, "access point edge")), (330, edge), "{users}");
    }
}

#[test]
fn downloads_cost_less_through_cloudfront() {
    let advice = terabyte("users = 'europe:100'\ndownloads = 1000");
    assert_eq!(item(row(&advice, "direct"), "downloads"), 9000);
    assert_eq!(item(row(&advice, "hybrid"), "CloudFront bytes"), 8500);
}

#[test]
fn small_files_cost_calls_and_requests() {
    let advice = advice(&answers("volume = 100\nfiles = '100KB'\nusers = 'europe:100'"));
    let direct = row(&advice, "direct");
    // A million files: as many PUTs and HEADs, a query and two calls each.
    assert_eq!((item(direct, "requests"), item(direct, "DNS"), item(direct, "signer")), (540, 90, 407));
}

#[test]
fn a_service_takes_its_least_amount_of_storage() {
    for (volume, usd_cents) in [(1, 799), (1000, 799), (2000, 1598)] {
        let advice = advice(&answers(&format!("volume = {volume}\nfiles = '1GB'\nusers = 'europe:100'")));
        assert_eq!(cents(row(&advice, "Wasabi").cost.first_copy), usd_cents, "{volume}");
    }
}

#[test]
fn without_a_wish_for_speed_it_is_said_that_only_the_cost_counts() {
    let said = |wish: &str| {
        let asked = format!("volume = 1000\nfiles = '200MB'\nusers = 'japan:50,europe:50'\n{wish}");
        advice(&answers(&asked)).reasons.iter().any(|reason| reason.contains("only the cost counts"))
    };
    assert!(said("") && said("budget = 100"));
    assert!(!said("round-trip = 100") && !said("upload-time = 100"));
}

#[test]
fn the_cheapest_is_recommended_that_keeps_every_wish() {
    let asked = "volume = 1000\nfiles = '200MB'\nusers = 'japan:40,europe:35,north-america:25'\n";
    for (wish, recommended) in [
        ("", "direct"),
        ("round-trip = 250", "direct"),
        ("round-trip = 100", "multi-region of 2"),
        ("round-trip = 60", "multi-region of 3"),
        ("budget = 25", "direct"),
        ("round-trip = 60\nbudget = 25", "direct"),
        ("round-trip = 60\nbudget = 115", "multi-region of 2"),
        ("budget = 1", "direct"),
    ] {
        let advice = advice(&answers(&format!("{asked}{wish}")));
        assert_eq!(advice.recommended.as_deref(), Some(recommended), "{wish}\n{advice}");
    }
}

#[test]
fn acceleration_is_recommended_where_it_saves_what_is_wished() {
    // Two parts use two connections only, so what counts is where these end.
    let asked = "volume = 100\nfiles = '16MiB'\nusers = 'japan:100'\nresidency = 'us-east-1'\n";
    let direct = advice(&answers(asked));
    let seconds = |name| row(&direct, name).speed[0].upload_seconds;
    assert!(seconds("accelerated") < 0.5 * seconds("direct"), "{direct}");
    let wish = format!("{asked}upload-time = {}", seconds("accelerated") + 0.1);
    assert_eq!(advice(&answers(&wish)).recommended.as_deref(), Some("accelerated"));
}

#[test]
fn each_fault_is_told_in_words() {
    let asked = "volume = 1000\nfiles = '200MB'\nusers = 'japan:50,europe:50'\n";
    for (wish, name, words) in [
        ("budget = 50", "accelerated", "over budget by $"),
        ("round-trip = 60", "direct", "misses the latency wish: "),
        ("upload-time = 1", "direct", " s for an upload from "),
        ("residency = 'eu-west-1'", "Cloudflare R2", "breaks residency"),
    ] {
        let advice = advice(&answers(&format!("{asked}{wish}")));
        assert!(row(&advice, name).faults.iter().any(|fault| fault.contains(words)), "{wish}: {advice}");
    }
    let alone = advice(&answers(&format!("{asked}residency = 'eu-west-1'")));
    let left_out = |name| alone.left_out.iter().find(|left| left.name == name).expect("left out").reason.clone();
    for name in ["multi-region of 2", "multi-region of 3", "mrap of 2", "mrap of 3"] {
        assert!(left_out(name).contains("breaks residency: data must stay in eu-west-1"), "{name}");
    }
}

#[test]
fn the_report_has_every_topology_its_reasons_and_its_dates() {
    let advice = advice(&answers(
        "volume = 1000\nfiles = '200MB'\nusers = 'asia:40,europe:35,north-america:25'\nround-trip = 150",
    ));
    let text = advice.to_string();
    for words in
        ["multi-region of 3", "Recommended: multi-region of ", "Why not the others", "2026-11-25", "2025-07-17", "15/"]
    {
        assert!(text.contains(words), "{words} is not in:\n{text}");
    }
    assert!(!text.contains("Warning"));
    assert!(text.lines().all(|line| line.chars().count() <= 118), "{text}");
    let json: Value = serde_json::from_str(&advice.to_json()).expect("JSON");
    assert_eq!(json["recommended"], advice.recommended.expect("one").as_str());
    assert_eq!(json["topologies"][0]["cost"]["items"][0]["what"], "requests");
    assert_eq!(json["prices_of"], "2026-11-25");
}

#[test]
fn the_report_fits_its_width_with_every_group() {
    let users: Vec<_> =
        Group::ALL.iter().map(|group| format!("{group}:{}", if *group == Group::Asia { 12 } else { 11 })).collect();
    let text = advice(&answers(&format!("volume = 1e6\nfiles = '200MB'\nusers = '{}'", users.join(",")))).to_string();
    assert!(text.lines().all(|line| line.chars().count() <= 118), "{text}");
}

#[test]
fn the_page_of_topologies_shows_what_is_written() {
    let page = include_str!("../../TOPOLOGIES.md");
    let shown = page.split("```\n").find(|block| block.starts_with("topology  ")).expect("a table");
    let asked =
        "volume = 1000\nfiles = '200MB'\nusers = 'japan:40,europe:35,north-america:25'\nround-trip = 100\nbudget = 150";
    let text = advice(&answers(asked)).to_string();
    for line in shown.lines().filter(|line| *line != "…") {
        assert!(text.lines().any(|written| written == line), "{line}\n{text}");
    }
}

#[test]
fn old_prices_are_warned_of() {
    let (prices, round_trips) = (Prices::built_in(), RoundTrips::built_in());
    let wishes =
        answers("volume = 1\nfiles = '1MB'\nusers = 'europe:100'").wishes(&prices, &round_trips).expect("wishes");
    let on = |today| advise(&wishes, &prices, &round_trips, day(today)).to_string();
    assert!(on("2027-11-26").starts_with("Warning: the prices are of 2026-11-25"));
    assert!(!on("2027-11-25").contains("Warning"));
}

fn any_answers() -> impl Strategy<Value = Answers> {
    let users = proptest::sample::subsequence(Group::ALL.to_vec(), 1..=4);
    let regions: Vec<_> = RoundTrips::built_in().regions.into_keys().collect();
    let residency = proptest::option::of(proptest::sample::subsequence(regions, 1..=6));
    let sizes = prop_oneof![Just("50KB"), Just("5MB"), Just("200MB"), Just("20GB"), Just("100KB:80,1GB:20")];
    let wishes =
        (proptest::option::of(20.0..400.0), proptest::option::of(0.5..60.0), proptest::option::of(0.01..0.3_f64));
    (1.0..1e5, sizes, users, residency, wishes, 0.0..3.0, 0.0..100.0, any::<bool>()).prop_map(
        |(volume, files, users, residency, (round_trip, upload_time, budget), kept, downloads, rtc)| {
            let share = 100.0 / users.len() as f64;
            let users: Vec<_> = users.into_iter().map(|group| format!("{group}:{share}")).collect();
            Answers {
                volume: Some(volume),
                files: Some(files.to_owned()),
                users: Some(users.join(",")),
                round_trip,
                upload_time,
                residency: residency.map(|regions| regions.join(",")),
                budget: budget.map(|usd_a_gb| usd_a_gb * volume),
                kept: Some(kept),
                downloads: Some(downloads),
                line: None,
                rtc,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_cost_never_falls_with_the_volume(answers in any_answers(), factor in 1.0..10.0_f64) {
        let more = Answers { volume: answers.volume.map(|volume| volume * factor), ..answers.clone() };
        for (less, more) in advice(&answers).topologies.iter().zip(advice(&more).topologies) {
            prop_assert_eq!(&less.name, &more.name);
            prop_assert!(less.cost.total <= more.cost.total + 1e-9, "{}", less.name);
        }
    }

    #[test]
    fn no_region_outside_the_residency_is_ever_named(answers in any_answers()) {
        let advice = advice(&answers);
        if let Some(residency) = &answers.residency {
            let allowed: Vec<_> = residency.split(',').collect();
            for row in &advice.topologies {
                prop_assert!(row.regions.iter().all(|region| allowed.contains(&region.as_str())), "{}", row.name);
            }
        }
        let recommended = row(&advice, advice.recommended.as_deref().expect("there is always direct"));
        prop_assert!(!recommended.reference && !recommended.regions.is_empty());
    }

    #[test]
    fn what_is_recommended_is_within_the_budget_if_anything_is(answers in any_answers()) {
        let advice = advice(&answers);
        let within = |row: &Row| answers.budget.is_none_or(|budget| row.cost.total <= budget);
        let own = || advice.topologies.iter().filter(|row| !row.reference);
        let recommended = row(&advice, advice.recommended.as_deref().expect("one"));
        prop_assert!(within(recommended) || !own().any(within));
        let faultless = own().filter(|row| row.faults.is_empty()).collect::<Vec<_>>();
        prop_assert!(faultless.is_empty() || recommended.faults.is_empty(), "{}", advice);
    }

    #[test]
    fn what_a_month_costs_is_the_sum_of_its_items(answers in any_answers()) {
        for row in advice(&answers).topologies {
            let sum: f64 = row.cost.items.iter().map(|item| item.usd).sum();
            prop_assert!(row.cost.items.iter().all(|item| item.usd.is_finite() && item.usd > 0.0));
            prop_assert!((sum + row.cost.first_copy - row.cost.total).abs() < 1e-6);
        }
    }
}
