//! Many files at once.

use nearput_core::parts::Event;
use nearput_core::queue::UploadId;

use crate::upload::PART;
use crate::world::World;

const KIB: u64 = 1 << 10;

#[test]
fn files_that_are_added_together_are_opened_by_one_call() {
    let mut world = World::new(6);
    (1..=10).for_each(|id| world.add(id, KIB));
    assert!(world.opening.is_empty());
    world.sleep();
    assert_eq!((world.now, world.opening.len(), world.opening[0].len()), (4, 1, 10));
}

#[test]
fn thousands_of_small_files_are_opened_by_few_calls_and_a_few_hundred_at_a_time() {
    let mut world = World::new(6);
    (1..=3_000).for_each(|id| world.add(id, KIB));
    world.sleep();
    assert_eq!(world.opening.iter().map(Vec::len).collect::<Vec<_>>(), [250]);
    let mut calls = 0;
    while !world.opening.is_empty() || !world.sending.is_empty() {
        calls += world.opening.len();
        world.prepare();
        let open = (1..=3_000).filter(|id| world.queue.parts(*id).is_some()).count();
        assert!(open <= 300, "{open} are open");
        for _ in 0..50 {
            if let Some(sent) = world.sending.first().copied() {
                world.store(sent);
            }
            if let Some(id) = world.completing.first().copied() {
                world.complete(id);
            }
        }
    }
    assert!((1..=3_000).all(|id| world.is_complete(id)));
    assert_eq!(world.begun.len(), 3_000);
    assert!((12..=30).contains(&calls), "{calls} calls");
}

#[test]
fn when_half_of_the_small_files_have_begun_more_are_opened() {
    let mut world = World::new(6);
    (1..=1_000).for_each(|id| world.add(id, KIB));
    world.open_all();
    while world.opening.is_empty() {
        world.store(world.sending[0]);
        world.prepare_but_open();
    }
    assert_eq!(world.begun.len(), 125);
    assert_eq!(world.opening[0].len(), 125);
}

#[test]
fn one_call_opens_no_more_than_can_soon_be_read() {
    let mut world = World::new(6);
    (1..=100).for_each(|id| world.add(id, PART));
    world.sleep();
    assert!(world.opening.iter().all(|ids| ids.len() == 8), "{:?}", world.opening);
}

/// The order in which the files' first requests are begun, when each one takes as long as any other.
fn order(world: &mut World) -> Vec<UploadId> {
    world.open_all();
    world.finish();
    let mut ids: Vec<UploadId> = Vec::new();
    for sent in &world.begun {
        if !ids.contains(&sent.id) {
            ids.push(sent.id);
        }
    }
    ids
}

#[test]
fn small_files_go_before_large_ones_of_the_same_priority() {
    let mut world = World::new(1);
    for (id, size) in [(1, 3 * PART), (2, KIB), (3, 3 * PART), (4, PART), (5, 2 * KIB)] {
        world.add(id, size);
    }
    assert_eq!(order(&mut world), [2, 4, 5, 1, 3]);
}

#[test]
fn a_higher_priority_goes_before_everything() {
    let mut world = World::new(1);
    for (id, size, priority) in [(1, KIB, 0), (2, 3 * PART, 5), (3, KIB, -1), (4, 3 * PART, -1), (5, KIB, 5)] {
        world.add_with(id, size, priority);
    }
    assert_eq!(order(&mut world), [5, 2, 1, 3, 4]);
}

#[test]
fn a_file_of_higher_priority_overtakes_one_that_is_under_way() {
    let mut world = World::new(2).with_upload(50 * PART);
    world.prepare();
    world.store(world.sending[0]);
    world.add_with(2, 4 * PART, 1);
    world.open_all();
    world.prepare();
    for _ in 0..2 {
        world.store(world.sending[0]);
        world.prepare();
    }
    assert!(world.sending.iter().all(|sent| sent.id == 2));
}

#[test]
fn files_of_higher_priority_do_not_wait_for_a_queue_that_is_full() {
    for size in [KIB, 20 * PART] {
        let mut world = World::new(2);
        (1..=400).for_each(|id| world.add(id, size));
        world.open_all();
        world.prepare();
        world.add_with(500, size, 1);
        world.open_all();
        world.prepare();
        world.store(world.sending[0]);
        assert!(world.sending.iter().any(|sent| sent.id == 500), "{size}");
    }
}

#[test]
fn large_files_share_the_connections_evenly() {
    let mut world = World::new(4);
    (1..=2).for_each(|id| world.add(id, 50 * PART));
    world.open_all();
    for _ in 0..20 {
        world.prepare();
        world.store(world.sending[0]);
    }
    let of_one = world.uploads[&1].stored.len();
    assert!((8..=12).contains(&of_one), "{of_one} of 20");
}

#[test]
fn no_more_than_six_large_files_take_turns() {
    let mut world = World::with_paths(&[false; 4]).far();
    (1..=20).for_each(|id| world.add(id, 20 * PART));
    world.open_all();
    world.prepare();
    let under_way: std::collections::BTreeSet<_> = world.sending.iter().map(|sent| sent.id).collect();
    assert_eq!(under_way, (1..=6).collect());
    world.finish();
    assert!((1..=20).all(|id| world.is_complete(id)));
}

#[test]
fn paused_files_leave_their_turns_and_their_windows_to_the_others() {
    let mut world = World::new(4);
    (1..=7).for_each(|id| world.add(id, 20 * PART));
    world.open_all();
    assert!(world.queue.parts(7).is_none());
    (1..=6).for_each(|id| world.event(id, Event::Pause));
    world.open_all();
    let asked = world.asked_to_read;
    world.prepare();
    assert!(world.sending.iter().all(|sent| sent.id == 7) && world.sending.len() == 4);
    assert_eq!(world.asked_to_read - asked, 6, "eight in its window, of which two were read before");
}

#[test]
fn small_files_are_not_held_up_by_large_ones() {
    let mut world = World::new(6);
    (1..=20).for_each(|id| world.add(id, 20 * PART));
    world.open_all();
    world.prepare();
    world.add(100, KIB);
    world.open_all();
    world.prepare();
    world.store(world.sending[0]);
    assert!(world.sending.iter().any(|sent| sent.id == 100));
}

#[test]
fn nothing_is_opened_offline() {
    let mut world = World::new(2);
    world.set_online(false);
    world.add(1, KIB);
    while world.sleep() {}
    assert!(world.opening.is_empty());
    world.set_online(true);
    assert_eq!(world.opening, [[1]]);
}

#[test]
fn a_paused_file_that_waits_lets_the_others_pass() {
    let mut world = World::new(2);
    (1..=3).for_each(|id| world.add(id, KIB));
    world.event(1, Event::Pause);
    world.finish();
    assert!(world.is_complete(2) && world.is_complete(3) && world.ending(1).is_none());
    world.event(1, Event::Resume);
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn files_that_a_call_could_not_open_are_opened_by_another() {
    let mut world = World::new(6);
    (1..=10).for_each(|id| world.add(id, KIB));
    world.sleep();
    world.open(0, |id| id % 2 == 0);
    world.sleep();
    assert_eq!(world.opening, [[1, 3, 5, 7, 9]]);
    world.finish();
    assert!((1..=10).all(|id| world.is_complete(id)));
}
