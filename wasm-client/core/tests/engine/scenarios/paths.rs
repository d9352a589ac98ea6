//! Several host names of one bucket.

use nearput_core::Millis;
use nearput_core::retry::Failure;

use crate::line::{Fate, by_path};
use crate::upload::PART;
use crate::world::{Sent, World};

use super::reply;

const MIB: u64 = 1 << 20;

/// How many requests were begun by a path.
fn begun_by(world: &World, path: usize) -> usize {
    world.begun.iter().filter(|sent| sent.path == path).count()
}

#[test]
fn a_path_that_fails_is_left_and_used_again_later() {
    let mut world = World::with_paths(&[false, false]).far().with_upload(200 * PART);
    let away_for_a_minute = |sent: &Sent, world: &World| {
        if sent.path == 0 && world.now < 60_000 { Fate::Fails(Failure::Network) } else { Fate::Moves(MIB / 10) }
    };
    world.run(60_000, away_for_a_minute);
    assert!(begun_by(&world, 0) < 40, "{} tries in vain", begun_by(&world, 0));
    assert!(begun_by(&world, 1) > 40);
    world.run(40_000, away_for_a_minute);
    assert_eq!(world.under_way(1).iter().filter(|(_, path)| *path == 0).count(), 6);
    world.run(600_000, away_for_a_minute);
    assert!(world.is_complete(1));
}

#[test]
fn a_part_that_was_refused_is_sent_again_by_another_path() {
    let mut world = World::with_paths(&[false, false]).with_upload(4 * PART);
    let refused = world.sending[0];
    world.fail(refused, reply(500, "InternalError"));
    while world.under_way(1).iter().all(|(number, _)| *number != refused.number) {
        assert!(world.sleep());
    }
    assert!(world.under_way(1).contains(&(refused.number, 1 - refused.path)));
}

#[test]
fn a_path_that_a_firewall_swallows_does_not_hold_the_upload_up() {
    let mut world = World::with_paths(&[false, false, false]).far().with_upload(60 * PART);
    world.run(120_000, by_path([0, MIB, MIB]));
    assert!(world.is_complete(1));
    assert!(begun_by(&world, 0) <= 24, "{}", begun_by(&world, 0));
}

#[test]
fn after_everything_broke_off_at_once_every_path_is_soon_used_again() {
    let mut world = World::with_paths(&[false; 4]).far().with_upload(400 * PART);
    world.run(5_000, by_path([MIB; 4]));
    for sent in world.sending.clone() {
        world.fail(sent, Failure::Network);
    }
    world.run(12_000, by_path([MIB; 4]));
    assert!((0..4).all(|path| world.sending.iter().any(|sent| sent.path == path)), "{:?}", world.under_way(1));
}

#[test]
fn a_path_that_crawls_carries_next_to_nothing() {
    let mut world = World::with_paths(&[false, false]).far().with_upload(200 * PART);
    world.run(120_000, by_path([MIB / 8, MIB]));
    assert!(begun_by(&world, 0) <= 18, "{}", begun_by(&world, 0));
    assert!(begun_by(&world, 1) >= 60, "{}", begun_by(&world, 1));
}

#[test]
fn equally_fast_paths_carry_equally_much() {
    let mut world = World::with_paths(&[false, false]).far().with_upload(120 * PART);
    world.run(600_000, by_path([MIB, MIB]));
    assert!(world.is_complete(1));
    assert!((50..=70).contains(&begun_by(&world, 0)), "{}", begun_by(&world, 0));
}

/// Minutes of an upload with a third path that costs extra and has this rate; the others have 1 MiB/s.
fn with_costly(rate: u64, time: Millis) -> World {
    let mut world = World::with_paths(&[false, false, true]).far().with_upload(1_000 * PART);
    world.run(time, by_path([MIB, MIB, rate]));
    world
}

#[test]
fn a_path_that_costs_extra_and_does_not_win_is_tried_once_a_minute() {
    for rate in [MIB / 2, MIB, MIB * 5 / 4] {
        let world = with_costly(rate, 300_000);
        let tries = begun_by(&world, 2);
        assert!((3..=6).contains(&tries), "{tries} tries at {rate}");
    }
}

#[test]
fn a_path_that_costs_extra_and_wins_is_used_as_far_as_it_goes() {
    let world = with_costly(2 * MIB, 300_000);
    assert!(begun_by(&world, 2) > 200, "{}", begun_by(&world, 2));
    assert_eq!(world.under_way(1).iter().filter(|(_, path)| *path == 2).count(), 6);
}

#[test]
fn a_short_upload_does_not_try_a_path_that_costs_extra() {
    let mut world = World::with_paths(&[false, true]).far();
    for id in 1..=20 {
        world.add(id, 3 * PART);
    }
    world.run(600_000, by_path([MIB, 10 * MIB]));
    assert_eq!((begun_by(&world, 0), begun_by(&world, 1)), (60, 0));
}

#[test]
fn a_site_of_which_every_path_costs_extra_is_used_as_any_other() {
    let mut world = World::with_paths(&[true]).with_upload(20 * PART);
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn where_the_free_paths_fail_the_one_that_costs_extra_carries_the_upload() {
    let mut world = World::with_paths(&[false, true]).with_upload(20 * PART);
    world.run(300_000, |sent, _| if sent.path == 0 { Fate::Fails(Failure::Network) } else { Fate::Moves(MIB / 5) });
    assert!(world.is_complete(1));
}
