//! The signers: whether each of them answers, and whether one can go on with what another has begun.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nearput_api::{
    AbortUpload, ErrorCode, ErrorReply, OpenFile, OpenUploads, OpenedUpload, OpenedUploads, Outcome, PartToSign, Plan,
    SignParts, Sites, path,
};
use reqwest::Method;
use serde::Serialize;

use super::clock;
use super::eyes::{Answer, Asked, Eyes};
use super::finding::Finding;
use super::sample;

/// What a signer says.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) address: String,
    /// The status of `/healthz`, or why there is none.
    health: Result<u16, String>,
    /// That of `/readyz`.
    ready: Option<u16>,
    /// What it lists to a caller, or the status by which it refused.
    sites: Result<Sites, u16>,
    /// When it listed them.
    at: SystemTime,
}

/// How it went when a ticket of one signer was shown to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    Taken,
    /// It is not one of its own.
    Foreign,
    /// No ticket could be had, or the other signer had another reason.
    Unclear(String),
}

/// Asks a signer. The token is that of a caller.
pub(super) async fn look(eyes: &Eyes, address: &str, token: Option<&str>) -> Said {
    let get = async |path: &str| eyes.send(&Asked::get(format!("{address}{path}"))).await;
    let health = get(path::HEALTH).await.map(|answer| answer.status.as_u16());
    let ready = match health {
        Ok(_) => get(path::READY).await.ok().map(|answer| answer.status.as_u16()),
        Err(_) => None,
    };
    let asked = with_token(Asked::get(format!("{address}{}", path::SITES)), token);
    let answer = if health.is_ok() { eyes.send(&asked).await.ok() } else { None };
    let at = answer.as_ref().map_or_else(SystemTime::now, |answer| answer.at);
    let sites = answer.map_or(Err(0), |answer| read(&answer).map_err(|_| answer.status.as_u16()));
    Said { address: address.to_owned(), health, ready, sites, at }
}

/// Opens an upload at one signer, of which the storage hears nothing, and shows its ticket to another.
pub(super) async fn show(eyes: &Eyes, opener: &str, other: &str, token: Option<&str>) -> Shown {
    let opened = match open(eyes, opener, token).await {
        Ok(opened) => opened,
        Err(problem) => return Shown::Unclear(problem),
    };
    let checksum = Some(sample::CRC64NVME.to_owned());
    let sign = SignParts { ticket: opened.ticket.clone(), parts: vec![PartToSign { number: 1, checksum }] };
    let shown = match call(eyes, other, path::SIGN, &sign, token).await {
        Ok(answer) if answer.status.is_success() => Shown::Taken,
        Ok(answer) => match read::<ErrorReply>(&answer).map(|reply| reply.error.code) {
            Ok(ErrorCode::InvalidTicket) => Shown::Foreign,
            // What is wrong with it is said only once it is open.
            Ok(ErrorCode::InvalidChecksum) => Shown::Taken,
            Ok(_) | Err(()) => Shown::Unclear(format!("{other} answers {}", answer.status)),
        },
        Err(problem) => Shown::Unclear(problem),
    };
    let _ = call(eyes, opener, path::ABORT, &AbortUpload { ticket: opened.ticket }, token).await;
    shown
}

async fn open(eyes: &Eyes, signer: &str, token: Option<&str>) -> Result<OpenedUpload, String> {
    let file = OpenFile {
        name: sample::NAME.to_owned(),
        size: sample::CONTENT.len() as u64,
        content_type: sample::MEDIA_TYPE.to_owned(),
        access: None,
        metadata: Default::default(),
        plan: Plan::Put,
        parts: Vec::new(),
    };
    let open = OpenUploads { site: None, by_access_point: false, files: vec![file] };
    let answer = call(eyes, signer, path::OPEN, &open, token).await?;
    let opened = read::<OpenedUploads>(&answer).map_err(|()| format!("{signer} answers {}", answer.status))?;
    match opened.uploads.into_iter().next() {
        Some(Outcome::Done(opened)) => Ok(opened),
        Some(Outcome::Failed(reply)) => Err(format!("{signer} opens no upload: {}", reply.error.message)),
        None => Err(format!("{signer} has answered nothing")),
    }
}

async fn call(
    eyes: &Eyes,
    signer: &str,
    path: &str,
    body: &impl Serialize,
    token: Option<&str>,
) -> Result<Answer, String> {
    let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
    let asked = Asked { method: Method::POST, body, ..Asked::get(format!("{signer}{path}")) };
    eyes.send(&with_token(asked.header("content-type", "application/json"), token)).await
}

fn with_token(asked: Asked, token: Option<&str>) -> Asked {
    match token {
        Some(token) => asked.header("authorization", format!("Bearer {token}")),
        None => asked,
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, ()> {
    serde_json::from_str(&answer.body).map_err(|_| ())
}

/// What is found of them. `regional` is how many at the end are for one region each; those before are for all.
pub(super) fn findings(said: &[Said], regional: usize) -> Vec<Finding> {
    let mut found = Vec::new();
    for signer in said {
        found.extend(one(signer));
    }
    let listed: Vec<_> = said.iter().filter_map(|signer| Some((signer, signer.sites.as_ref().ok()?))).collect();
    let ids = |sites: &Sites| sites.sites.iter().map(|site| site.id.clone()).collect::<Vec<_>>();
    if let Some(((first, sites), others)) = listed.split_first() {
        let other = others.iter().find(|(_, other)| ids(other) != ids(sites));
        found.extend(other.map(|(other, _)| {
            let what = format!("{} and {} list different sites", first.address, other.address);
            Finding::error("signers-differ", what, "give all signers the same configuration, and start them anew")
        }));
        let homes: Vec<_> = listed.iter().rev().take(regional).map(|(_, sites)| &sites.home).collect();
        let same = (0..homes.len()).find(|&index| homes[..index].contains(&homes[index]) && sites.sites.len() > 1);
        found.extend(same.map(|index| {
            let what = format!("several regional signers prefer the site {}", homes[index]);
            Finding::warning("signers-same-home", what, "set `home` at each signer to the site of its own region")
        }));
    }
    found
}

fn one(signer: &Said) -> Vec<Finding> {
    let Said { address, health, ready, sites, at } = signer;
    let look = "look at its log, and at what is in front of it";
    match health {
        Err(problem) => {
            return vec![Finding::error("signer-down", format!("{address} does not answer: {problem}"), look)];
        }
        Ok(200) => {}
        Ok(status) => {
            return vec![Finding::error("signer-down", format!("{address}{} answers {status}", path::HEALTH), look)];
        }
    }
    let mut found = vec![match ready {
        Some(200) => Finding::ok("signer", format!("{address} answers, and reaches its storage")),
        Some(_) | None => {
            let what = format!("{address} does not reach the storage of its own site");
            Finding::error("signer-not-ready", what, format!("see what {address}{} says", path::READY))
        }
    }];
    found.push(match sites {
        Ok(sites) => {
            let shown = UNIX_EPOCH + Duration::from_millis(sites.server_time);
            clock::finding(&format!("the signer {address}"), shown, "this machine", *at)
        }
        Err(401 | 403) => {
            let what = format!("not looked at what {address} lists: set NEARPUT_CHECK_TOKEN to a caller's token");
            Finding::unknown("signer-sites", what)
        }
        Err(status) => {
            let what = format!("{address}{} answers {status}", path::SITES);
            Finding::error("signer-down", what, look)
        }
    });
    found
}

/// What is found where a ticket of one signer was shown to another.
pub(super) fn tickets(opener: &str, other: &str, shown: &Shown) -> Finding {
    match shown {
        Shown::Taken => Finding::ok("ticket-keys", format!("{other} goes on with uploads of {opener}")),
        Shown::Foreign => {
            let what =
                format!("{other} does not take the tickets of {opener}, so that uploads fail when a signer does");
            Finding::error(
                "ticket-keys-differ",
                what,
                "give all signers the same NEARPUT_TICKET_KEYS, in the same order",
            )
        }
        Shown::Unclear(problem) => {
            let what = format!("not looked at whether {other} takes the tickets of {opener}: {problem}");
            Finding::unknown("ticket-keys", what)
        }
    }
}
