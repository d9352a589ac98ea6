//! Second copies of the last parts.

use nearput_core::parts::{Event, Request};

use crate::line::{Fate, by_path};
use crate::upload::PART;
use crate::world::{Sent, World};

use super::reply;

const MIB: u64 = 1 << 20;

/// An upload over two paths of which the first crawls from the last part on, so that it is sent again by the other.
fn slow_at_the_end(second_copies: bool) -> World {
    let mut world = World::with_paths(&[false, false]);
    world.second_copies = second_copies;
    world.with_upload(9 * PART)
}

/// The ninth part moves by so many bytes in a tick on the path that it is first sent by. All else has a mebibyte a second.
fn crawl(bytes: u64) -> impl FnMut(&Sent, &World) -> Fate {
    move |sent, world| {
        let first = world.begun.iter().find(|other| other.number == sent.number).expect("it was begun");
        Fate::Moves(if sent.number == 9 && first.is_same(sent) { bytes } else { MIB / 10 })
    }
}

#[test]
fn the_last_part_is_sent_twice_where_it_crawls_and_the_first_copy_to_arrive_ends_the_other() {
    let mut world = slow_at_the_end(true);
    world.run(60_000, crawl(MIB / 100));
    assert!(world.is_complete(1));
    let copies: Vec<_> = world.begun.iter().filter(|sent| sent.number == 9).collect();
    assert_eq!(copies.len(), 2);
    assert_ne!(copies[0].path, copies[1].path);
    assert_eq!(world.stopped.len(), 1);
    assert!(world.stopped[0].is_same(copies[0]), "the slow one is stopped");
    let report = &world.uploads[&1].report;
    assert_eq!(report.wasted, world.stopped[0].bytes);
    assert_eq!(report.retries, [("hedged".to_owned(), 1)]);
    assert!(world.begun.iter().all(|sent| sent.number == 9 || world.begun.iter().filter(|other| other.number == sent.number).count() == 1));
}

#[test]
fn where_second_copies_do_harm_there_are_none() {
    let mut world = slow_at_the_end(false);
    world.run(120_000, crawl(MIB / 100));
    assert!(world.is_complete(1));
    assert_eq!((world.begun.len(), world.stopped.len()), (9, 0));
}

#[test]
fn on_a_line_that_is_equally_slow_for_all_there_are_no_second_copies() {
    let mut world = slow_at_the_end(true);
    world.run(600_000, by_path([MIB / 4, MIB / 4]));
    assert!(world.is_complete(1));
    assert_eq!(world.begun.len(), 9);
}

#[test]
fn the_last_part_is_sent_twice_where_it_does_not_move_at_all() {
    let mut world = slow_at_the_end(true);
    world.run(20_000, crawl(0));
    assert!(world.is_complete(1), "long before it would have been called stalled");
    assert_eq!(world.begun.len(), 10);
}

/// The last part does not move, whichever way it goes.
fn never_the_last(sent: &Sent, _: &World) -> Fate {
    Fate::Moves(if sent.number == 20 { 0 } else { MIB / 10 })
}

/// Two copies of the last part are under way, and nothing else.
fn hedged() -> World {
    let mut world = World::with_paths(&[false, false, false]).far().with_upload(20 * PART);
    while world.begun.len() < 21 || world.sending.len() > 2 {
        world.run(100, never_the_last);
    }
    assert!(world.sending.len() == 2 && world.sending.iter().all(|sent| sent.number == 20));
    world
}

#[test]
fn while_a_part_is_still_to_be_sent_there_is_no_second_copy_of_another() {
    let mut world = World::with_paths(&[false, false]).far().with_upload(12 * PART);
    world.prepare();
    world.now += 500;
    while let Some(sent) = world.sending.iter().find(|sent| sent.number < 11).copied() {
        world.store(sent);
    }
    world.fail(world.sending[0], reply(403, "AccessDenied"));
    world.now += 5_000;
    world.pump();
    assert_eq!((world.sending.len(), &world.reading[..]), (1, &[(1, 11)][..]));
    world.prepare();
    while world.sending.len() < 3 {
        assert!(world.sleep());
    }
    assert_eq!(world.under_way(1), [(12, 1), (11, 0), (12, 0)]);
}

#[test]
fn while_parts_are_still_to_be_read_there_is_no_second_copy() {
    let mut world = World::with_paths(&[false, false]).far().with_upload(12 * PART);
    world.now += 500;
    world.store(world.sending[0]);
    assert_eq!(world.reading.len(), 2, "nobody can read more");
    world.add(2, 12 * PART);
    world.open_all();
    assert_eq!(world.under_way(2).len(), 2);
    let begun = world.begun.len();
    world.now += 10_000;
    world.pump();
    assert_eq!(world.begun.len(), begun);
}

#[test]
fn a_second_copy_that_fails_is_not_sent_again() {
    let mut world = hedged();
    let second = world.sending[1];
    world.fail(second, reply(500, "InternalError"));
    assert_eq!(world.sending.len(), 1);
    world.run(10_000, |_, _| Fate::Moves(1));
    assert_eq!(world.sending.len(), 1);
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn where_both_copies_fail_the_part_is_sent_again() {
    let mut world = hedged();
    (0..2).for_each(|_| world.fail(world.sending[0], reply(500, "InternalError")));
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn no_second_copy_is_sent_with_a_signature_that_is_about_to_end() {
    let mut world = World::with_paths(&[false, false]).far();
    world.lifetime = 12_000;
    let mut world = world.with_upload(6 * PART);
    let slow = |sent: &Sent, world: &World| Fate::Moves(if sent.number < 6 || world.now < 500 { 390_000 } else { 0 });
    world.run(19_000, slow);
    assert_eq!((world.begun.len(), world.sending.len()), (6, 1));
}

#[test]
fn a_file_that_is_one_request_is_not_sent_twice() {
    let mut world = World::with_paths(&[false, false]).far().with_upload(6 * PART);
    world.run(10_000, by_path([MIB, MIB]));
    assert!(world.is_complete(1));
    world.add(2, MIB);
    world.open_all();
    let begun = world.begun.len();
    // A browser says nothing of a form's progress.
    world.run(10_000, |sent, world| Fate::Moves(if world.now - sent.begun < 8_000 { 0 } else { MIB }));
    assert!(world.is_complete(2));
    assert_eq!(world.begun.len(), begun);
}

#[test]
fn an_upload_that_is_removed_before_its_second_copy_was_stopped_gives_both_places_back() {
    let mut world = hedged();
    let Sent { number, path, .. } = world.sending[1];
    let stored = Event::Stored { request: Request { number, path }, etag: None };
    world.queue.handle(1, stored, world.now);
    world.queue.remove(1);
    assert_eq!(world.queue.paths.requests(), 0);
}
