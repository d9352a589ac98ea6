//! Failures that pass.

use std::collections::BTreeMap;

use nearput_api::Plan;
use nearput_core::retry::Failure;

use crate::line::Fate;
use crate::upload::{Ending, PART};
use crate::world::{GIVE_UP, World};

use super::{reply, slow_down};

const MINUTE: u64 = 60_000;

#[test]
fn a_part_that_failed_is_sent_again_after_a_wait() {
    let mut world = World::new(1).with_upload(PART);
    world.prepare();
    world.fail(world.sending[0], Failure::Network);
    let failed = world.now;
    assert!(world.queue.parts(1).expect("an upload").trouble(world.now).is_some());
    world.finish();
    assert!(world.is_complete(1) && world.now > failed);
}

#[test]
fn a_put_of_an_object_that_is_there_already_has_arrived_and_nothing_else_has() {
    for (plan, size, has_arrived) in
        [(Plan::Put, 1_000, true), (Plan::Form, 1_000, false), (Plan::Multipart { part_size: PART }, PART, false)]
    {
        let mut world = World::new(1);
        world.add(1, size);
        world.upload(1).plan = plan;
        world.open_all();
        world.prepare();
        world.fail(world.sending[0], Failure::Network);
        while world.sending.is_empty() {
            assert!(world.sleep());
        }
        // The first copy had arrived.
        world.upload(1).stored.insert(1);
        world.fail(world.sending[0], reply(412, "PreconditionFailed"));
        world.finish();
        assert_eq!(world.is_complete(1), has_arrived, "{plan:?}");
        assert!(world.sending.is_empty());
    }
}

#[test]
fn the_waits_grow_to_thirty_seconds_of_which_chance_takes_a_share() {
    let mut world = World::new(1).with_upload(1_000);
    for _ in 0..9 {
        while world.sending.is_empty() {
            assert!(world.sleep());
        }
        world.fail(world.sending[0], reply(500, "InternalError"));
    }
    let waits: Vec<_> = world.begun.windows(2).map(|pair| pair[1].begun - pair[0].begun).collect();
    assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
}

#[test]
fn ten_minutes_offline_are_waited_out_and_it_goes_on_the_moment_it_is_online() {
    let mut world = World::with_paths(&[false, false]).far().with_upload(30 * PART);
    world.prepare();
    let before = world.sending.len();
    assert_eq!(before, 12);
    world.set_online(false);
    while let Some(sent) = world.sending.first().copied() {
        world.fail(sent, Failure::Network);
    }
    let begun = world.begun.len();
    let offline = world.now;
    while world.now < offline + 10 * MINUTE && world.sleep() {}
    assert_eq!(world.begun.len(), begun, "nothing is tried in vain");
    world.now = offline + 10 * MINUTE;
    world.set_online(true);
    assert_eq!(world.sending.len(), before, "every connection is used again at once");
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn what_waits_to_be_repeated_is_sent_the_moment_the_network_is_there_again() {
    let mut world = World::new(1).with_upload(1_000);
    for _ in 0..8 {
        while world.sending.is_empty() {
            assert!(world.sleep());
        }
        world.fail(world.sending[0], Failure::Network);
    }
    world.set_online(false);
    world.now += 1_000;
    world.set_online(true);
    assert_eq!(world.sending.len(), 1);
}

#[test]
fn offline_for_longer_than_the_time_for_giving_up_is_waited_out_as_well() {
    let mut world = World::new(2).with_upload(4 * PART);
    world.prepare();
    world.set_online(false);
    world.fail(world.sending[0], Failure::Network);
    world.now += 3 * GIVE_UP;
    world.set_online(true);
    world.prepare();
    world.fail(world.sending[0], Failure::Network);
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn a_laptop_that_slept_for_a_night_goes_on() {
    for is_heard_first in [true, false] {
        let mut world = World::new(3).with_upload(9 * PART);
        world.prepare();
        world.store(world.sending[0]);
        let sent = world.sending[0];
        world.now += 8 * GIVE_UP;
        world.uploads.get_mut(&1).expect("an upload").moved_at = world.now;
        if is_heard_first {
            world.fail(sent, Failure::Network);
        } else {
            world.pump();
            assert_eq!(world.stopped.len(), 3, "what slept with it stands still");
        }
        fail_until(&mut world, 8 * GIVE_UP + MINUTE, &Failure::Network);
        world.finish();
        assert!(world.is_complete(1));
    }
}

/// Fails every request until the time is over or the upload has ended.
fn fail_until(world: &mut World, until: u64, failure: &Failure) {
    while world.now < until && world.ending(1).is_none() {
        world.prepare();
        match world.sending.first().copied() {
            Some(sent) => world.fail(sent, failure.clone()),
            None => assert!(world.sleep(), "it waits for something"),
        }
    }
}

#[test]
fn a_storage_that_is_away_for_less_than_an_hour_is_waited_out_however_often_it_fails() {
    for failure in [Failure::Network, reply(500, "InternalError"), slow_down(None), reply(408, "")] {
        let mut world = World::new(6).with_upload(20 * PART);
        fail_until(&mut world, GIVE_UP - MINUTE, &failure);
        assert!(world.begun.len() > 200, "{} tries", world.begun.len());
        world.finish();
        assert!(world.is_complete(1), "{failure:?}");
    }
}

#[test]
fn a_storage_that_is_away_for_an_hour_is_given_up_within_the_next_try() {
    for failure in [Failure::Network, reply(500, "InternalError"), slow_down(None)] {
        let mut world = World::new(6).with_upload(20 * PART);
        fail_until(&mut world, 2 * GIVE_UP, &failure);
        assert_eq!(world.ending(1), Some(&Ending::GaveUp(failure)));
        assert!(world.now >= GIVE_UP && world.now <= GIVE_UP + MINUTE, "{}", world.now);
    }
}

#[test]
fn after_a_loss_each_part_that_is_stored_is_progress() {
    let mut world = World::new(6).with_upload(20 * PART);
    world.prepare();
    world.sending.clone().into_iter().for_each(|sent| world.moved(sent, PART - 1));
    while let Some(sent) = world.sending.first().copied() {
        world.fail(sent, Failure::Network);
    }
    for _ in 0..2 {
        let until = world.now + GIVE_UP - 2 * MINUTE;
        fail_until(&mut world, until, &Failure::Network);
        while world.sending.is_empty() {
            world.sleep();
        }
        world.store(world.sending[0]);
    }
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn what_a_doubt_takes_back_can_be_sent_again_for_as_long_as_anything() {
    let mut world = World::new(1).with_upload(2 * PART);
    while world.completing.is_empty() {
        world.prepare();
        world.store(world.sending[0]);
    }
    world.now += GIVE_UP;
    world.doubt(1, vec![]);
    world.prepare();
    world.fail(world.sending[0], Failure::Network);
    world.finish();
    assert!(world.is_complete(1));
}

#[test]
fn bytes_that_are_sent_and_refused_for_an_hour_are_no_progress() {
    let mut world = World::new(1).with_upload(2 * PART);
    while world.ending(1).is_none() {
        world.prepare();
        if let Some(sent) = world.sending.first().copied() {
            world.moved(sent, PART);
            world.fail(sent, slow_down(None));
        } else {
            world.sleep();
        }
    }
    assert!(world.now <= GIVE_UP + MINUTE, "{}", world.now);
}

#[test]
fn a_part_refused_for_its_signature_or_its_bytes_is_read_and_signed_anew() {
    for failure in [reply(403, "AccessDenied"), reply(400, "BadDigest"), reply(400, "ExpiredToken")] {
        let mut world = World::new(1).with_upload(2 * PART);
        world.prepare();
        let read = world.asked_to_read;
        world.fail(world.sending[0], failure);
        assert_eq!(world.sending[0].number, 2, "the other one goes first");
        world.prepare();
        assert_eq!(world.asked_to_read, read + 1);
        world.finish();
        assert!(world.is_complete(1));
    }
}

#[test]
fn a_part_refused_for_its_bytes_five_times_is_given_up() {
    let mut world = World::new(1).with_upload(2 * PART);
    world.prepare();
    for refused in 1..=5 {
        while world.sending[0].number != 1 {
            world.store(world.sending[0]);
            world.prepare();
        }
        assert!(world.ending(1).is_none(), "after {refused}");
        world.fail(world.sending[0], reply(400, "BadDigest"));
        world.prepare();
    }
    assert!(world.ending(1).is_some());
}

#[test]
fn the_report_says_what_went_by_which_path_and_why_something_was_repeated() {
    let mut world = World::with_paths(&[false, false]).far().with_upload(20 * PART);
    world.prepare();
    let first = world.sending[0];
    world.moved(first, 1_000);
    world.fail(first, Failure::Network);
    world.fail(world.sending[0], reply(500, "InternalError"));
    world.fail(world.sending[0], reply(500, ""));
    world.finish();
    let report = &world.uploads[&1].report;
    assert_eq!(report.paths.iter().map(|path| path.bytes).sum::<u64>(), 20 * PART);
    assert_eq!(report.paths.iter().map(|path| path.parts).sum::<u32>(), 20);
    assert_eq!(report.paths.iter().map(|path| path.failures).sum::<u32>(), 3);
    assert_eq!(report.wasted, 1_000);
    let codes: Vec<_> = report.retries.iter().map(|(code, count)| (code.as_str(), *count)).collect();
    assert_eq!(codes, [("network", 1), ("InternalError", 1), ("http_error", 1)]);
}

#[test]
fn with_a_fault_in_every_fifth_request_everything_arrives() {
    let faults = [
        Failure::Network,
        reply(500, "InternalError"),
        slow_down(None),
        reply(403, "RequestTimeTooSkewed"),
        reply(400, "BadDigest"),
        reply(400, "RequestTimeout"),
    ];
    let mut world = World::with_paths(&[false; 4]).far();
    (1..=100).for_each(|id| world.add(id, u64::from(id % 10) * PART / 3 + 1));
    let mut requests = BTreeMap::new();
    world.run(GIVE_UP, |sent, _| {
        let count = requests.len();
        let request = *requests.entry((sent.id, sent.number, sent.path, sent.begun)).or_insert(count);
        let is_half = sent.bytes >= PART / 8;
        match request % 5 {
            4 if request % 2 == 0 || is_half => Fate::Fails(faults[request / 5 % faults.len()].clone()),
            _ => Fate::Moves(PART / 20),
        }
    });
    assert!((1..=100).all(|id| world.is_complete(id)));
    assert!(world.now < MINUTE, "{} ms", world.now);
}
