//! How many requests there are at once.

use nearput_core::retry::Failure;

use crate::line::{Fate, steady};
use crate::upload::PART;
use crate::world::World;

use super::slow_down;

const MIB: u64 = 1 << 20;

#[test]
fn on_a_long_line_every_connection_is_used_from_the_start_and_on_a_short_one_six() {
    for (round_trip, requests) in [(180, 24), (100, 24), (20, 6)] {
        let mut world = World::with_paths(&[false; 4]);
        world.queue.paths.pace.measured(round_trip);
        let mut world = world.with_upload(100 * PART);
        world.prepare();
        assert_eq!(world.sending.len(), requests, "{round_trip} ms");
    }
}

#[test]
fn small_files_use_every_connection_of_a_long_line_too() {
    let mut world = World::with_paths(&[false; 4]).far();
    (1..=200).for_each(|id| world.add(id, 100_000));
    world.open_all();
    world.prepare();
    assert_eq!(world.sending.len(), 24);
    assert!((0..4).all(|path| world.sending.iter().filter(|sent| sent.path == path).count() == 6));
}

#[test]
fn on_a_short_line_there_are_more_requests_where_each_brings_more() {
    let mut world = World::with_paths(&[false; 4]).with_upload(4_000 * PART);
    world.run(120_000, steady(4 * MIB));
    assert!(world.sending.len() >= 20, "{}", world.sending.len());
}

#[test]
fn on_a_short_line_there_are_hardly_more_requests_where_they_share_what_there_is() {
    for rate in [MIB, 10 * MIB, 100 * MIB] {
        let mut world = World::with_paths(&[false; 4]).with_upload(6_000 * PART);
        for _ in 0..12 {
            world.run(10_000, |_, world| Fate::Moves(rate / 10 / world.sending.len() as u64));
            assert!(world.sending.len() <= 12, "{} at {rate}", world.sending.len());
        }
    }
}

#[test]
fn where_there_is_not_enough_to_send_nothing_is_learned_of_the_line() {
    let mut world = World::with_paths(&[false; 4]);
    for id in 1..=20 {
        world.add(id, 2 * PART);
        world.run(60_000, steady(4 * MIB));
        assert!(world.is_complete(id));
    }
    assert_eq!(world.queue.paths.pace.limit(), 6);
}

#[test]
fn a_storage_that_asks_for_fewer_requests_gets_half_as_many_from_every_upload() {
    let mut world = World::with_paths(&[false, false]).far();
    (1..=2).for_each(|id| world.add(id, 100 * PART));
    world.open_all();
    world.prepare();
    assert_eq!(world.sending.len(), 12);
    while let Some(sent) = world.sending.iter().find(|sent| sent.id == 1).copied() {
        world.fail(sent, slow_down(Some(3_000)));
    }
    let left = world.sending.len();
    assert!(left > 0, "what is under way goes on");
    while let Some(sent) = world.sending.first().copied() {
        world.store(sent);
    }
    let begun = world.begun.len();
    world.run(2_900, |_, _| Fate::Moves(0));
    assert_eq!(world.begun.len(), begun, "the other upload waits as well");
    world.run(200, |_, _| Fate::Moves(0));
    assert!((6..=12).contains(&world.sending.len()));
    assert!(world.queue.paths.pace.limit() <= 12);
}

#[test]
fn a_storage_is_asked_again_the_moment_it_said() {
    let mut world = World::new(6).with_upload(20 * PART);
    world.prepare();
    let failed = world.now;
    for sent in world.sending.clone() {
        world.fail(sent, Failure::Reply { status: 429, code: String::new(), retry_after: Some(7_000) });
    }
    let begun = world.begun.len();
    while world.begun.len() == begun {
        assert!(world.sleep());
    }
    assert_eq!(world.now, failed + 7_000);
    assert_eq!(world.sending.len(), 3, "with half as many requests");
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn after_trouble_there_are_soon_as_many_requests_as_before() {
    let mut world = World::with_paths(&[false; 4]).far().with_upload(400 * PART);
    world.prepare();
    for _ in 0..5 {
        for sent in world.sending.clone() {
            world.fail(sent, slow_down(Some(1_000)));
        }
        while world.sending.is_empty() {
            assert!(world.sleep());
        }
        world.prepare();
    }
    assert!(world.sending.len() <= 3, "{}", world.sending.len());
    world.run(60_000, steady(2 * MIB));
    assert_eq!(world.sending.len(), 24);
}
