//! Whatever the rules say and whoever asks for whatever: of a caller who is pinned to sites, nothing is offered, signed or read at
//! any other.

mod case;

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Json, State};
use axum::response::IntoResponse as _;
use http::{Method, StatusCode};
use nearput_api::{
    AskStatus, CompleteUpload, CompleteUploads, CompletedPart, CreatedUpload, ErrorCode, ListParts, Outcome,
    PartToSign, SignParts,
};
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use case::{Case, case};

use super::{abort, complete, created, open, parts, sign, sites, status};
use crate::app::App;
use crate::auth::Call;
use crate::config::{Config, Secrets, SiteCredentials, TicketKey};
use crate::error::Error;
use crate::policy::Policy;

const CALLERS_AND_RULES: u32 = 1000;
const SITES: [&str; 4] = ["site-a", "site-b", "site-c", "site-d"];
const SIZE: u64 = 10;
const CHECKSUM: &str = "AAAAAAAAAAA=";

/// Names are such that whatever is said of a site has the site's id in it.
fn config(rest: &str, storage: &str) -> Config {
    let site = |id: &str| {
        format!(
            "[[sites]]\nid = '{id}'\nregion = 'region-{id}'\nbucket = 'bucket-{id}'\nmrap = 'alias.mrap'
            internal_endpoint = '{storage}'\ncredentials = 'environment'\n"
        )
    };
    let sites: String = SITES.map(site).concat();
    let signers = SITES.map(|id| format!("'https://{id}.example'")).join(", ");
    Config::parse(&format!(
        "home = 'site-b'\ntopology = 'mrap'\nallow_anonymous = true\nsigners = [{signers}]\n{sites}
        [downloads]\ndomain = 'site-c.example'\nsites = ['site-c']\n{rest}"
    ))
    .expect("a configuration")
}

/// A storage that has every object and every upload, and says that all is copied everywhere.
async fn storage() -> String {
    let answer = async |method: Method| match method {
        Method::HEAD => {
            let headers = [
                ("content-length", "10"),
                ("etag", "\"e\""),
                ("x-amz-replication-status", "COMPLETED"),
                ("x-amz-checksum-crc64nvme", CHECKSUM),
            ];
            (StatusCode::OK, headers).into_response()
        }
        Method::GET => "<ListPartsResult/>".into_response(),
        _ => "<Result><UploadId>id</UploadId><ETag>e</ETag></Result>".into_response(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    format!("http://{address}")
}

async fn app(storage: &str) -> App {
    let credentials =
        SiteCredentials { access_key_id: "id".to_owned(), secret_access_key: "secret".to_owned(), session_token: None };
    let secrets = Secrets {
        ticket_keys: vec![TicketKey { id: "k".to_owned(), secret: vec![0; 32] }],
        site_credentials: SITES.map(|id| (id.to_owned(), credentials.clone())).into(),
        ..Secrets::default()
    };
    App::new(config("", storage), secrets, None).await.expect("a signer")
}

fn part() -> PartToSign {
    PartToSign { number: 1, checksum: Some(CHECKSUM.to_owned()) }
}

/// What is answered, and with it what was signed; the ticket is the signer's own, and says nothing to anybody.
fn text<T: Serialize>(answer: Result<Json<T>, Error>) -> Result<String, ErrorCode> {
    answer.map(|Json(answer)| serde_json::to_string(&answer).expect("JSON")).map_err(|error| error.code())
}

/// Nothing in it is of a foreign site, nor of a way that may lead to one.
fn check(case: &Case, what: &str, answer: &str) -> Result<(), TestCaseError> {
    let foreign = case.foreign();
    for id in &foreign {
        prop_assert!(!answer.contains(id), "{} tells of {}: {}", what, id, answer);
    }
    prop_assert!(!case.is_pinned() || !answer.contains("mrap"), "{} leads anywhere: {}", what, answer);
    Ok(())
}

/// What came of the only file; whoever asks for a site is told in the refusal which one it was.
fn only<T: Serialize>(outcome: Option<&Outcome<T>>) -> Option<String> {
    match outcome? {
        Outcome::Done(done) => Some(serde_json::to_string(done).expect("JSON")),
        Outcome::Failed(_) => None,
    }
}

/// How often it came to what matters: a test that never gets there would hold as well.
#[derive(Debug, Default)]
struct Tally {
    pinned: u32,
    opened: u32,
    foreign_tickets: u32,
    /// What was answered to tickets whose caller is pinned by now, and whose site is left to it.
    answers: u32,
}

async fn holds(app: &mut Arc<App>, storage: &str, case: &Case, tally: &mut Tally) -> Result<(), TestCaseError> {
    let set = |app: &mut Arc<App>, tables: &str| {
        Arc::get_mut(app).expect("nobody else has it").policy = Policy::new(&config(tables, storage));
    };
    let caller = &case.caller;
    // A ticket from before there was any residency.
    set(app, &case.rules());
    let before = open::open(State(app.clone()), Call::of(app, caller, case.files())).await;
    let ticket = match &before {
        Ok(Json(opened)) => match &opened.uploads[0] {
            Outcome::Done(opened) => Some((opened.ticket.clone(), opened.site.clone())),
            Outcome::Failed(_) => None,
        },
        Err(_) => None,
    };

    set(app, &(case.rules() + &case.residencies()));
    let is_pinned = !case.foreign().is_empty();
    tally.pinned += u32::from(is_pinned);
    if let Ok(answer) = text(sites::sites(State(app.clone()), Call::of(app, caller, crate::auth::NoBody {})).await) {
        check(case, "the list of sites", &answer)?;
    }
    let opened = open::open(State(app.clone()), Call::of(app, caller, case.files())).await;
    if let Some(answer) = opened.ok().as_ref().and_then(|Json(opened)| only(opened.uploads.first())) {
        check(case, "an open upload", &answer)?;
        tally.opened += u32::from(is_pinned);
        prop_assert!(case.site.is_none_or(|site| !case.foreign().contains(&site)));
    }
    let Some((ticket, site)) = ticket else { return Ok(()) };
    let signed = SignParts { ticket: ticket.clone(), parts: vec![part()] };
    let signed = text(sign::sign(State(app.clone()), Call::of(app, caller, signed)).await);
    let listed = ListParts { ticket: ticket.clone() };
    let listed = text(parts::parts(State(app.clone()), Call::of(app, caller, listed)).await);
    let asked = AskStatus { ticket: ticket.clone(), checksum: Some(CHECKSUM.to_owned()) };
    let told = text(status::status(State(app.clone()), Call::of(app, caller, asked)).await);
    let asked = CreatedUpload { ticket: ticket.clone(), upload_id: "id".to_owned(), parts: vec![part()] };
    let going_on = text(created::created(State(app.clone()), Call::of(app, caller, asked)).await);
    let parts = vec![CompletedPart { number: 1, etag: None, checksum: Some(CHECKSUM.to_owned()) }];
    let parts = if case.multipart { parts } else { Vec::new() };
    let asked = CompleteUpload { ticket: ticket.clone(), parts, checksum: Some(CHECKSUM.to_owned()) };
    let asked = CompleteUploads { uploads: vec![asked] };
    let completed = complete::complete(State(app.clone()), Call::of(app, caller, asked)).await;
    let completed = completed.ok().as_ref().and_then(|Json(completed)| only(completed.uploads.first()));

    let is_foreign = case.foreign().contains(&site.as_str());
    tally.foreign_tickets += u32::from(is_foreign);
    let answers = [("signing", signed), ("listing", listed), ("the state", told), ("going on", going_on)];
    for (what, answer) in answers {
        match answer {
            Ok(answer) => {
                check(case, what, &answer)?;
                tally.answers += u32::from(is_pinned);
            }
            Err(code) if is_foreign => prop_assert_eq!(code, ErrorCode::InvalidTicket, "{}", what),
            Err(_) => {}
        }
    }
    prop_assert!(!is_foreign || completed.is_none());
    completed.iter().try_for_each(|answer| check(case, "a completed upload", answer))?;
    let given_up = nearput_api::AbortUpload { ticket };
    prop_assert!(abort::abort(State(app.clone()), Call::of(app, caller, given_up)).await.is_ok() || case.multipart);
    Ok(())
}

#[test]
fn nothing_of_a_pinned_caller_is_ever_anywhere_else() {
    let runtime = Runtime::new().expect("a runtime");
    let (storage, app) = runtime.block_on(async {
        let storage = storage().await;
        let app = app(&storage).await;
        (storage, app)
    });
    let shared = Mutex::new((Arc::new(app), Tally::default()));
    let mut runner = TestRunner::new(Cases { failure_persistence: None, ..Cases::with_cases(CALLERS_AND_RULES) });
    let held = runner.run(&case(), |case| {
        let (app, tally) = &mut *shared.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.block_on(holds(app, &storage, &case, tally))
    });
    if let Err(error) = held {
        panic!("{error}");
    }
    let (_, tally) = shared.into_inner().expect("no panic");
    let Tally { pinned, opened, foreign_tickets, answers } = tally;
    assert!([pinned, opened, foreign_tickets, answers].iter().all(|count| *count > 100), "{tally:?}");
    println!("{tally:?}");
}
