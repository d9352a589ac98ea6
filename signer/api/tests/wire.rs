//! The wire shapes, as other languages see them.

use nearput_api::{
    AskStatus, Credentials, ErrorCode, ErrorDetail, ErrorReply, OpenFile, OpenUploads, OpenedUpload, Outcome, Plan,
    SignedParts, StoredParts,
};
use serde_json::{from_value, json, to_value};

#[test]
fn a_file_needs_only_name_size_and_plan() {
    let call: OpenUploads = from_value(json!({
        "files": [{"name": "a.bin", "size": 3, "plan": {"kind": "put"}}]
    }))
    .expect("a minimal call");
    assert_eq!(call.files[0].plan, Plan::Put);
    assert_eq!(call.files[0].content_type, "");
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let error = from_value::<OpenFile>(json!({"name": "a", "size": 3, "plan": {"kind": "put"}, "metdata": {}}))
        .expect_err("a misspelt key");
    assert!(error.to_string().contains("metdata"), "{error}");
}

#[test]
fn a_negative_size_is_refused() {
    from_value::<OpenFile>(json!({"name": "a", "size": -1, "plan": {"kind": "put"}})).expect_err("a negative size");
}

#[test]
fn an_outcome_is_the_upload_itself_or_an_error() {
    let failed: Outcome<OpenedUpload> = Outcome::Failed(ErrorReply {
        error: ErrorDetail { code: ErrorCode::FileTooLarge, message: "too large".to_owned(), retry_after: None },
    });
    let json = json!({"error": {"code": "file_too_large", "message": "too large"}});
    assert_eq!(to_value(&failed).expect("to JSON"), json);
    assert_eq!(from_value::<Outcome<OpenedUpload>>(json).expect("from JSON"), failed);

    let opened = json!({
        "ticket": "t", "expires_at": 1, "site": "s", "key": "k",
        "plan": {"kind": "multipart", "part_size": 8388608},
        "parts": [{"number": 1, "method": "PUT", "urls": {"custom": "u"}, "headers": {"a": "b"}, "expires_at": 2}]
    });
    let read: Outcome<OpenedUpload> = from_value(opened.clone()).expect("from JSON");
    assert!(matches!(read, Outcome::Done(_)));
    assert_eq!(to_value(&read).expect("to JSON"), opened);
}

#[test]
fn credentials_are_plain_json_and_print_none_of_their_secrets() {
    let json = json!({
        "server_time": 1, "site": "s", "region": "r", "bucket": "b", "prefix": "p/", "access_key_id": "hush",
        "secret_access_key": "hush", "session_token": "hush", "expires_at": 2
    });
    let read: Credentials = from_value(json.clone()).expect("from JSON");
    assert_eq!(to_value(&read).expect("to JSON"), json);
    assert!(!format!("{read:?}").contains("hush"), "{read:?}");
}

#[test]
fn the_parts_of_a_plan_cover_the_file_exactly_once() {
    const PART: u64 = 8 << 20;
    for size in [0, 1, PART - 1, PART, PART + 1, 3 * PART, u64::MAX] {
        for plan in [Plan::Form, Plan::Put, Plan::Multipart { part_size: PART }] {
            let count = plan.part_count(size);
            assert!(plan.part_range(size, 0).is_none());
            let Ok(last) = u32::try_from(count) else { continue };
            assert!(plan.part_range(size, last + 1).is_none());
            assert_eq!(plan.part_range(size, 1).expect("the first part").start, 0);
            assert_eq!(plan.part_range(size, last).expect("the last part").end, size);
            for number in 1..last {
                let (one, next) = (plan.part_range(size, number), plan.part_range(size, number + 1));
                assert_eq!(one.expect("a part").end, next.expect("its successor").start);
            }
        }
    }
}

#[test]
fn the_state_is_asked_for_with_a_checksum_or_without() {
    for asked in [json!({ "ticket": "t" }), json!({ "ticket": "t", "checksum": "AAAAAAAAAAA=" })] {
        let read: AskStatus = from_value(asked.clone()).expect("from JSON");
        assert_eq!(to_value(&read).expect("to JSON"), asked);
    }
}

#[test]
fn a_renewed_ticket_is_there_only_where_there_is_one() {
    let plain = json!({ "server_time": 1, "parts": [] });
    let read: SignedParts = from_value(plain.clone()).expect("from JSON");
    assert_eq!((read.renewed.as_ref(), to_value(&read).expect("to JSON")), (None, plain));
    let renewed = json!({ "server_time": 1, "parts": [], "renewed": { "ticket": "t", "expires_at": 2 } });
    let read: StoredParts = from_value(renewed.clone()).expect("from JSON");
    assert_eq!(to_value(&read).expect("to JSON"), renewed);
}
