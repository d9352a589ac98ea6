//! What is held to whatever bytes a fuzzer thinks of. Each of these panics where something that must hold does not.
//!
//! `cargo fuzz` calls them from `signer/fuzz`; the test below calls them with the inputs that it has found worth keeping.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nearput_api::{
    AbortUpload, AskCredentials, AskStatus, CompleteUploads, CreatedUpload, ListParts, OpenFile, OpenUploads, Plan,
    SignParts,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::auth::{Caller, caller_of, read_body};
use crate::config::{Config, TicketKey};
use crate::file_name::{Disposition, FileName};
use crate::key::ObjectKey;
use crate::plan::Cut;
use crate::policy::{Fresh, Policy, Request, decide};
use crate::routing::escape_key;
use crate::sealer::Sealer;
use crate::ticket::{Sending, Ticket};

const CONFIG: &str = "
    listen = '127.0.0.1:0'
    allow_anonymous = true
    [limits]
    max_file_size = 1000000
    [[issuers]]
    issuer = 'https://issuer.example'
    audience = ['nearput']
    tenant_claim = 'tenant'
    [[rules]]
    access = 'guest'
    callers = 'everyone'
    key = 'public/{uuid}/{name}'
    types = ['image/*']
    [[rules]]
    access = 'private'
    key = 'private/{sub}/{uuid}/{name}'
    [[rules]]
    access = 'team'
    key = 'teams/{tenant}/{date}/{uuid}-{name}'
    metadata = ['album']
    [[sites]]
    id = 'local'
    region = 'us-east-1'
    bucket = 'uploads'";

static CONFIGURATION: LazyLock<Config> = LazyLock::new(|| Config::parse(CONFIG).expect("a configuration"));

static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::new(&CONFIGURATION));

/// A ticket opens only as it was sealed: the first two bytes say where one is changed, the rest is what is written there.
pub fn ticket(data: &[u8]) {
    let sealer = Sealer::new(vec![TicketKey { id: "1".to_owned(), secret: vec![7; 32] }], &CONFIGURATION.tickets);
    let now = UNIX_EPOCH + Duration::from_hours(500_000);
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(sealer.open(text, &Caller::Anonymous, now).is_err(), "nobody has sealed this");
    }
    let [high, low, rest @ ..] = data else { return };
    let sealed = sealer.seal(a_ticket(), now).text.into_bytes();
    let place = usize::from(u16::from_be_bytes([*high, *low])) % sealed.len();
    let mut changed = sealed.clone();
    changed.splice(place..sealed.len().min(place + rest.len()), rest.iter().copied());
    if let Ok(text) = std::str::from_utf8(&changed) {
        let opened = sealer.open(text, &Caller::Anonymous, now);
        assert_eq!(opened.is_ok(), changed == sealed, "{text}");
    }
}

fn a_ticket() -> Ticket {
    let file = OpenFile {
        name: "a.png".to_owned(),
        size: 7,
        content_type: "image/png".to_owned(),
        access: Some("guest".to_owned()),
        metadata: Default::default(),
        plan: Plan::Multipart { part_size: 7 },
        parts: Vec::new(),
    };
    let request = Request { site: None, files: 1, file: &file };
    let grant = decide(&Caller::Anonymous, &request, &POLICY).expect("guests may upload images");
    let key = grant.key(&fresh()).expect("a safe key");
    let cut = Cut { plan: file.plan, size: file.size, checksum: None };
    Ticket::new(
        &grant,
        key,
        &cut,
        Sending::Multipart { by_access_point: false, part_size: 7, upload_id: "1".to_owned() },
    )
}

/// Whatever is safe as a key reaches the same object through every browser, and every name leaves something safe.
pub fn key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = ObjectKey::parse(text) {
        let escaped = escape_key(key.as_str());
        let url = reqwest::Url::parse(&format!("https://bucket.example/{escaped}")).expect("an address");
        assert_eq!(url.path(), format!("/{escaped}"), "browsers leave it as it is");
        assert_eq!(percent_encoding::percent_decode_str(&escaped).decode_utf8().expect("UTF-8"), key.as_str());
        assert!(!key.as_str().contains(['%', '\\', '?', '#', '\0']), "{key:?}");
    }
    if let Ok(name) = FileName::parse(text) {
        let segment = name.key_segment();
        assert!(segment.len() <= 200 && !segment.contains('/'), "{segment}");
        assert!(ObjectKey::parse(&segment).is_ok(), "{segment}");
        for disposition in [Disposition::Attachment, Disposition::Inline] {
            let header = name.content_disposition(disposition);
            assert!(http::HeaderValue::from_str(&header).is_ok(), "{header}");
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    /// None for an anonymous caller.
    claims: Option<Value>,
    site: Option<String>,
    #[serde(default)]
    files: usize,
    file: OpenFile,
}

/// Whatever is granted keeps to the rule that grants it.
pub fn policy(data: &[u8]) {
    let Ok(Asked { claims, site, files, file }) = serde_json::from_slice(data) else { return };
    let caller = match claims.map(|claims| caller_of(&claims, &CONFIGURATION.issuers[0])) {
        None => Caller::Anonymous,
        Some(Ok(caller)) => caller,
        Some(Err(_)) => return,
    };
    let request = Request { site: site.as_deref(), files, file: &file };
    let Ok(grant) = decide(&caller, &request, &POLICY) else { return };
    assert!(grant.size() <= 1_000_000 && files <= 1000 && grant.site() == "local");
    assert!(!grant.media_type().runs_in_browsers(), "{:?}", grant.media_type());
    let Ok(key) = grant.key(&fresh()) else { return };
    assert!(ObjectKey::parse(key.as_str()).is_ok(), "{key:?}");
    let (subject, tenant) = match &caller {
        Caller::Anonymous => (None, None),
        Caller::Known(identity) => (Some(identity.subject.as_str()), identity.tenant.as_ref()),
    };
    let folder = match grant.rule().access.as_str() {
        "guest" => "public/".to_owned(),
        "private" => format!("private/{}/", subject.expect("the rule is for known callers")),
        _ => format!("teams/{}/", tenant.expect("the template needs one")),
    };
    assert!(key.as_str().starts_with(&folder), "{key:?} is not below {folder}");
    assert_eq!(key.as_str().matches('/').count(), if folder == "public/" { 2 } else { 3 }, "{key:?}");
    grant.attributes(&fresh()).expect("the tags have no placeholders");
}

/// Any body is a call or is refused.
pub fn body(data: &[u8]) {
    fn read<T: DeserializeOwned>(data: &[u8]) {
        if let Err(error) = read_body::<T>(data) {
            assert!(!error.to_string().is_empty());
        }
    }
    read::<OpenUploads>(data);
    read::<SignParts>(data);
    read::<CompleteUploads>(data);
    read::<ListParts>(data);
    read::<AbortUpload>(data);
    read::<AskCredentials>(data);
    read::<AskStatus>(data);
    read::<CreatedUpload>(data);
}

fn fresh() -> Fresh {
    Fresh::new(Uuid::nil(), SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn replay(target: &str, run: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        let entries = std::fs::read_dir(&corpus).unwrap_or_else(|error| panic!("{}: {error}", corpus.display()));
        let mut count = 0;
        for entry in entries {
            run(&std::fs::read(entry.expect("an entry").path()).expect("a file"));
            count += 1;
        }
        assert!(count > 0, "there is a corpus for {target}");
    }

    #[test]
    fn every_input_that_was_worth_keeping_still_holds() {
        for (target, run) in [("ticket", ticket as fn(&[u8])), ("key", key), ("policy", policy), ("body", body)] {
            replay(target, run);
        }
    }
}
