//! Which site a file goes to, and when it goes to another one.

use nearput_api::Routing;
use nearput_core::Millis;
use nearput_core::sites::{Running, SiteIndex, Sites, worth_waiting};

const HOME: SiteIndex = 1;

/// Three sites, of which the one in the middle is the signer's home.
fn sites(routing: Routing) -> Sites {
    Sites::new(routing, HOME, 3)
}

/// A round in which each site answers after so long, or not at all.
fn round(sites: &mut Sites, answers: [Option<Millis>; 3], now: Millis) {
    assert_eq!(sites.begin().len(), 3);
    for (site, took) in answers.into_iter().enumerate() {
        took.into_iter().for_each(|took| sites.sample(site, took));
    }
    end(sites, now);
}

fn end(sites: &mut Sites, now: Millis) {
    (0..3).for_each(|site| sites.over(site, |_| false, now));
    sites.end(now);
}

fn choose(sites: &Sites, now: Millis) -> Option<SiteIndex> {
    sites.choose(|_| true, now)
}

#[test]
fn the_nearest_site_is_chosen_and_the_home_site_while_nothing_is_known() {
    let mut sites = sites(Routing::Measured);
    assert!(sites.is_unmeasured(0));
    assert_eq!(choose(&sites, 0), Some(HOME));
    round(&mut sites, [Some(250), Some(180), Some(15)], 100);
    assert_eq!(choose(&sites, 100), Some(2));
    assert!(!sites.is_unmeasured(100));
    assert!(sites.is_unmeasured(100 + 300_000), "it is remembered for minutes");
}

#[test]
fn whoever_has_not_answered_when_the_first_file_must_go_counts_as_far() {
    let mut sites = sites(Routing::Measured);
    sites.begin();
    sites.over(1, |_| false, 5);
    assert!(!sites.knows_one(), "that it does not answer says nothing of how far the others are");
    sites.sample(0, 120);
    sites.over(0, |_| false, 290);
    assert!(sites.knows_one() && sites.answers(0) && !sites.answers(1));
    sites.rank();
    assert_eq!(choose(&sites, 300), Some(0));
    sites.sample(2, 40);
    end(&mut sites, 500);
    assert_eq!(choose(&sites, 500), Some(2), "the next file knows more");
}

#[test]
fn another_site_must_be_nearer_by_a_share_and_by_milliseconds() {
    for (home, other, chosen) in [(100, 97, HOME), (100, 96, HOME), (100, 90, 0), (8, 5, HOME), (8, 4, 0)] {
        let mut sites = sites(Routing::Measured);
        round(&mut sites, [Some(other), Some(home), Some(300)], 0);
        assert_eq!(choose(&sites, 0), Some(chosen), "{home} {other}");
    }
}

#[test]
fn a_file_goes_to_no_site_that_it_may_not_go_to() {
    let mut sites = sites(Routing::Measured);
    round(&mut sites, [Some(100), Some(50), Some(10)], 0);
    assert_eq!(sites.choose(|site| site != 2, 0), Some(1));
    sites.failed(1, 0);
    assert_eq!(sites.choose(|site| site == 1, 0), Some(1), "where there is no other, one that does not work is tried");
    assert_eq!(sites.choose(|_| false, 0), None);
}

#[test]
fn home_routing_goes_elsewhere_only_where_the_home_site_fails_and_fixed_routing_never() {
    for (routing, other) in [(Routing::Home, 0), (Routing::Fixed, HOME)] {
        let mut sites = sites(routing);
        assert!(!sites.is_unmeasured(0), "nobody waits for a measurement");
        sites.begin();
        (0..3).for_each(|site| sites.sample(site, 100 - 20 * site as Millis));
        end(&mut sites, 0);
        assert_eq!(choose(&sites, 0), Some(HOME));
        sites.failed(HOME, 0);
        assert_eq!(choose(&sites, 0), Some(other));
    }
    let mut fixed = sites(Routing::Fixed);
    assert_eq!(fixed.begin(), [HOME]);
    assert!(sites(Routing::Fixed).suspect(true, 0).is_empty());
}

#[test]
fn with_fixed_routing_a_file_that_may_not_go_home_has_the_first_of_its_sites_and_no_other() {
    let mut sites = sites(Routing::Fixed);
    let not_home = |site| site != HOME;
    assert_eq!(sites.choose(not_home, 0), Some(0));
    sites.failed(0, 0);
    assert_eq!(sites.choose(not_home, 0), Some(0));
}

#[test]
fn a_silent_site_is_left_for_a_while_and_for_longer_each_time() {
    let mut sites = sites(Routing::Measured);
    let answers = [Some(100), Some(50), Some(10)];
    round(&mut sites, answers, 0);
    round(&mut sites, [Some(100), Some(50), None], 1_000);
    assert_eq!((choose(&sites, 1_000), sites.latency(2)), (Some(1), None));
    round(&mut sites, answers, 20_000);
    assert_eq!(choose(&sites, 20_000), Some(1), "it answers again, and is yet to be trusted");
    assert_eq!(choose(&sites, 31_000), Some(2));
    sites.failed(2, 31_000);
    assert!(sites.is_left(2, 90_999) && !sites.is_left(2, 91_000));
    sites.works(2);
    assert_eq!(choose(&sites, 31_000), Some(2));
}

#[test]
fn where_all_sites_are_silent_it_is_the_network_that_is_gone() {
    let mut sites = sites(Routing::Measured);
    round(&mut sites, [Some(100), Some(50), Some(10)], 0);
    round(&mut sites, [None; 3], 1_000);
    assert!((0..3).all(|site| !sites.is_left(site, 1_000)));
    assert_eq!(choose(&sites, 1_000), Some(2));
}

#[test]
fn a_site_to_which_bytes_move_is_not_silent_because_its_connections_are_busy() {
    let mut sites = sites(Routing::Measured);
    round(&mut sites, [Some(100), Some(50), Some(10)], 0);
    sites.begin();
    sites.sample(0, 100);
    (0..3).for_each(|site| sites.over(site, |site| site == 2, 1_000));
    sites.end(1_000);
    assert_eq!((choose(&sites, 1_000), sites.is_left(1, 1_000)), (Some(2), true));
}

#[test]
fn a_site_that_has_become_slow_loses_its_place_in_one_round() {
    let mut sites = sites(Routing::Measured);
    round(&mut sites, [Some(180), Some(250), Some(15)], 0);
    round(&mut sites, [Some(180), Some(250), Some(400)], 1_000);
    assert_eq!(choose(&sites, 1_000), Some(0));
}

#[test]
fn another_network_is_measured_anew() {
    let mut sites = sites(Routing::Measured);
    round(&mut sites, [Some(100), Some(50), Some(10)], 0);
    sites.failed(0, 0);
    sites.forget();
    assert!(sites.is_unmeasured(1) && !sites.is_left(0, 1));
    round(&mut sites, [Some(10), Some(50), Some(100)], 2);
    assert_eq!(choose(&sites, 2), Some(0));
}

#[test]
fn rounds_on_suspicion_are_far_between_and_farther_while_nothing_comes_of_them() {
    let mut sites = sites(Routing::Measured);
    let answers = [Some(100), Some(50), Some(10)];
    let mut when = vec![];
    for now in (0..200_000).step_by(1_000) {
        if !sites.suspect(false, now).is_empty() {
            when.push(now);
            answers.iter().enumerate().for_each(|(site, took)| sites.sample(site, took.expect("all answer")));
            end(&mut sites, now);
        }
    }
    assert_eq!(when, [0, 5_000, 15_000, 35_000, 75_000, 155_000]);
    assert!(sites.suspect(true, 156_000).is_empty(), "what fails is looked at sooner,");
    assert_eq!(sites.suspect(true, 157_000).len(), 3, "but not at once");
    assert!(sites.suspect(true, 157_000).is_empty(), "and by one round at a time");
}

#[test]
fn an_upload_begins_anew_at_a_nearer_site_only_where_that_pays_for_the_bytes_sent_twice() {
    let mut sites = sites(Routing::Measured);
    round(&mut sites, [Some(180), Some(250), Some(400)], 0);
    let pays = |left: u64, rate: f64, best_rate: f64| {
        sites.is_worth_beginning_anew(2, 0, &Running { size: 100, left, rate, best_rate })
    };
    // The line has borne 50: 400 ms to 180 ms is 2.2 times as fast, with a margin of 1.4.
    assert!(pays(64, 1.0, 50.0) && !pays(62, 1.0, 50.0));
    // It is not known to bear more than this.
    assert!(pays(94, 1.0, 1.0) && !pays(92, 1.0, 1.0));
    assert!(!sites.is_worth_beginning_anew(0, 2, &Running { size: 100, left: 100, rate: 1.0, best_rate: 9.0 }));
}

#[test]
fn a_site_is_waited_for_by_what_it_holds_and_never_for_hours() {
    assert_eq!([0, 64 << 20, 1 << 30, 5 << 40].map(worth_waiting), [0, 33_554, 536_870, 900_000]);
}
