//! Tickets under seal: JWTs, signed with HS256.

use std::fmt;
use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::auth::{Caller, Subject};
use crate::clock::unix_seconds;
use crate::config::{TicketKey, Tickets};
use crate::ticket::Ticket;

const ISSUER: &str = "nearput";

/// Seals tickets, and opens them again.
pub(crate) struct Sealer {
    keys: Vec<Key>,
    lifetime: Duration,
    max_lifetime: Duration,
    validation: Validation,
}

/// A ticket as the browser carries it.
pub(crate) struct SealedTicket {
    pub(crate) text: String,
    /// In Unix seconds.
    pub(crate) expires_at: u64,
}

/// A ticket that was shown.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) ticket: Ticket,
    /// When the upload was opened, in Unix seconds.
    pub(crate) opened_at: u64,
    /// The same for a longer time, where less than half of its own is left.
    pub(crate) renewed: Option<SealedTicket>,
}

/// Why a ticket is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TicketError {
    #[error("the ticket is not one of this signer for this caller; open the upload anew")]
    Invalid,
    #[error("the ticket has ended; open the upload anew")]
    Expired,
    #[error("the upload is where nothing of this caller may be kept any more; open it anew")]
    Elsewhere,
}

struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    iat: u64,
    exp: u64,
    /// When the upload was opened; it may have been sealed again since.
    opened: u64,
    #[serde(flatten)]
    ticket: Ticket,
}

impl Sealer {
    /// The first key seals; all of them open. There must be at least one.
    pub(crate) fn new(keys: Vec<TicketKey>, tickets: &Tickets) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "exp"]);
        // The clock is an argument here, so the end is compared in `open`.
        validation.validate_exp = false;
        let Tickets { lifetime, max_lifetime } = *tickets;
        Self { keys: keys.into_iter().map(Key::from).collect(), lifetime, max_lifetime, validation }
    }

    /// Seals the ticket of an upload that is opened now.
    pub(crate) fn seal(&self, ticket: Ticket, now: SystemTime) -> SealedTicket {
        self.seal_until(ticket, now, unix_seconds(now), unix_seconds(now + self.lifetime))
    }

    /// Seals what has become of a ticket. The upload does not last longer for it.
    pub(crate) fn seal_again(&self, ticket: Ticket, now: SystemTime, opened_at: u64) -> SealedTicket {
        self.seal_until(ticket, now, opened_at, unix_seconds(now + self.lifetime).min(self.latest(opened_at)))
    }

    fn latest(&self, opened_at: u64) -> u64 {
        opened_at.saturating_add(self.max_lifetime.as_secs())
    }

    fn seal_until(&self, ticket: Ticket, now: SystemTime, opened: u64, exp: u64) -> SealedTicket {
        let key = &self.keys[0];
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        let claims = Claims { iss: ISSUER.to_owned(), iat: unix_seconds(now), exp, opened, ticket };
        let text =
            jsonwebtoken::encode(&header, &claims, &key.encoding).expect("claims are JSON, and any secret is a key");
        SealedTicket { text, expires_at: exp }
    }

    /// Opens a ticket that `caller` shows.
    pub(crate) fn open(&self, text: &str, caller: &Caller, now: SystemTime) -> Result<Opened, TicketError> {
        let claims = self.verify(text).ok_or(TicketError::Invalid)?;
        if claims.ticket.subject() != caller.subject().map(Subject::as_str) {
            return Err(TicketError::Invalid);
        }
        if claims.exp <= unix_seconds(now) {
            return Err(TicketError::Expired);
        }
        let renewed = self.renew(&claims, now);
        Ok(Opened { ticket: claims.ticket, opened_at: claims.opened, renewed })
    }

    /// An upload that moves does not lose its ticket, until the longest time is over.
    fn renew(&self, claims: &Claims, now: SystemTime) -> Option<SealedTicket> {
        let left = Duration::from_secs(claims.exp - unix_seconds(now));
        let exp = unix_seconds(now + self.lifetime).min(self.latest(claims.opened));
        (left < self.lifetime / 2 && exp > claims.exp)
            .then(|| self.seal_until(claims.ticket.clone(), now, claims.opened, exp))
    }

    fn verify(&self, text: &str) -> Option<Claims> {
        let id = jsonwebtoken::decode_header(text).ok()?.kid?;
        let key = self.keys.iter().find(|key| key.id == id)?;
        Some(jsonwebtoken::decode::<Claims>(text, &key.decoding, &self.validation).ok()?.claims)
    }
}

impl From<TicketKey> for Key {
    fn from(key: TicketKey) -> Self {
        Self {
            id: key.id,
            encoding: EncodingKey::from_secret(&key.secret),
            decoding: DecodingKey::from_secret(&key.secret),
        }
    }
}

impl fmt::Debug for SealedTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedTicket").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use nearput_api::{ChecksumAlgorithm, OpenFile, Plan};
    use uuid::Uuid;

    use super::*;
    use crate::plan::Cut;
    use crate::policy::{self, Fresh, Request};
    use crate::ticket::Sending;

    const LIFETIME: Duration = Duration::from_hours(24);
    const TICKETS: Tickets = Tickets { lifetime: LIFETIME, max_lifetime: Duration::from_hours(60) };

    fn key(id: &str, byte: u8) -> TicketKey {
        TicketKey { id: id.to_owned(), secret: vec![byte; 32] }
    }

    fn caller(name: &str) -> Caller {
        Caller::known(Subject::parse(name).expect("safe"))
    }

    fn ticket() -> Ticket {
        ticket_of(&caller("me"))
    }

    fn ticket_of(caller: &Caller) -> Ticket {
        let file = OpenFile {
            name: "a".to_owned(),
            size: 7,
            content_type: "text/plain".to_owned(),
            access: None,
            metadata: Default::default(),
            plan: Plan::Multipart { part_size: 7 },
            parts: Vec::new(),
        };
        let policy = policy::built_in();
        let request = Request { site: None, files: 1, file: &file };
        let grant = policy::decide(caller, &request, &policy).expect("granted");
        let cut = Cut { plan: file.plan, size: file.size, checksum: Some(ChecksumAlgorithm::Crc64nvme) };
        let sending = Sending::Multipart { part_size: 7, upload_id: "the-upload".to_owned(), by_access_point: false };
        let key = grant.key(&Fresh::new(Uuid::nil(), now())).expect("safe");
        Ticket::new(&grant, key, &cut, sending)
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_hours(500_000)
    }

    #[test]
    fn a_ticket_opens_as_it_was_sealed_until_it_ends() {
        let sealer = Sealer::new(vec![key("a", 1)], &TICKETS);
        let sealed = sealer.seal(ticket(), now());
        let opened_at = |time| sealer.open(&sealed.text, &caller("me"), time).map(|opened| opened.ticket);
        assert_eq!(opened_at(now() + LIFETIME - Duration::from_secs(1)), Ok(ticket()));
        assert_eq!(opened_at(now() + LIFETIME), Err(TicketError::Expired));
        assert_eq!(sealed.expires_at, unix_seconds(now() + LIFETIME));
    }

    #[test]
    fn a_ticket_opens_for_its_own_caller_only() {
        let sealer = Sealer::new(vec![key("a", 1)], &TICKETS);
        let callers = [caller("me"), caller("you"), Caller::Anonymous];
        for owner in &callers {
            let sealed = sealer.seal(ticket_of(owner), now());
            for caller in &callers {
                let opened = sealer.open(&sealed.text, caller, now()).map(|opened| opened.ticket);
                let expected = if caller == owner { Ok(ticket_of(owner)) } else { Err(TicketError::Invalid) };
                assert_eq!(opened, expected, "{caller:?} shows a ticket of {owner:?}");
            }
        }
    }

    #[test]
    fn a_ticket_is_renewed_when_half_of_its_time_is_over_and_never_beyond_the_longest() {
        let sealer = Sealer::new(vec![key("a", 1)], &TICKETS);
        let renewed = |text: &str, hours| {
            let opened = sealer.open(text, &caller("me"), now() + Duration::from_hours(hours)).expect("opens");
            assert_eq!(opened.ticket, ticket());
            opened.renewed
        };
        let ends = |sealed: &SealedTicket| (sealed.expires_at - unix_seconds(now())) / 3600;
        let first = sealer.seal(ticket(), now());
        assert!(renewed(&first.text, 0).is_none() && renewed(&first.text, 12).is_none());
        let second = renewed(&first.text, 13).expect("11 hours are left");
        assert_eq!(ends(&second), 37);
        let third = renewed(&second.text, 36).expect("an hour is left");
        assert_eq!(ends(&third), 60);
        assert!(renewed(&third.text, 59).is_none(), "it could not last longer");
        let late = sealer.open(&third.text, &caller("me"), now() + Duration::from_hours(60));
        assert_eq!(late.err(), Some(TicketError::Expired));
    }

    #[test]
    fn a_ticket_that_is_sealed_again_lasts_no_longer_than_its_upload_may() {
        let sealer = Sealer::new(vec![key("a", 1)], &TICKETS);
        let opened_at = sealer.open(&sealer.seal(ticket(), now()).text, &caller("me"), now()).expect("opens").opened_at;
        let ends = |hours| {
            let sealed = sealer.seal_again(ticket(), now() + Duration::from_hours(hours), opened_at);
            (sealed.expires_at - unix_seconds(now())) / 3600
        };
        assert_eq!([0, 20, 50].map(ends), [24, 44, 60]);
    }

    #[test]
    fn a_ticket_with_one_bit_changed_is_invalid() {
        let sealer = Sealer::new(vec![key("a", 1)], &TICKETS);
        let sealed = sealer.seal(ticket(), now());
        for index in 0..sealed.text.len() {
            for bit in 0..7 {
                let mut changed = sealed.text.clone().into_bytes();
                changed[index] ^= 1 << bit;
                let changed = String::from_utf8(changed).expect("ASCII stays ASCII");
                let opened = sealer.open(&changed, &caller("me"), now());
                assert_eq!(opened.err(), Some(TicketError::Invalid), "{index}, {bit}");
            }
        }
    }

    #[test]
    fn keys_rotate_with_an_overlap() {
        let old = Sealer::new(vec![key("old", 1)], &TICKETS);
        let both = Sealer::new(vec![key("new", 2), key("old", 1)], &TICKETS);
        let new = Sealer::new(vec![key("new", 2)], &TICKETS);
        let open = |sealer: &Sealer, sealed: &SealedTicket| {
            sealer.open(&sealed.text, &caller("me"), now()).map(|opened| opened.ticket)
        };

        let by_old = old.seal(ticket(), now());
        assert_eq!(open(&both, &by_old), Ok(ticket()));
        assert_eq!(open(&new, &by_old), Err(TicketError::Invalid));
        assert_eq!(open(&new, &both.seal(ticket(), now())), Ok(ticket()));
    }

    #[test]
    fn tokens_that_this_signer_did_not_seal_are_invalid() {
        let sealer = Sealer::new(vec![key("a", 1)], &TICKETS);
        let text = sealer.seal(ticket(), now()).text;
        let payload = text.split('.').nth(1).expect("three parts");
        let unsigned = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"a","typ":"JWT"}"#);

        let foreign_issuer = {
            let header = Header { kid: Some("a".to_owned()), ..Header::new(Algorithm::HS256) };
            let claims = Claims { iss: "other".to_owned(), iat: 0, exp: u64::MAX, opened: 0, ticket: ticket() };
            jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&[1; 32])).expect("encodes")
        };
        let same_name_other_secret = Sealer::new(vec![key("a", 2)], &TICKETS).seal(ticket(), now()).text;

        for token in [
            "",
            "..",
            &format!("{unsigned}.{payload}."),
            &foreign_issuer,
            &same_name_other_secret,
            &format!("{text}."),
            &format!("{text}="),
        ] {
            assert_eq!(sealer.open(token, &caller("me"), now()).err(), Some(TicketError::Invalid), "{token}");
        }
    }

    #[test]
    fn tickets_print_nothing_of_themselves() {
        let sealed = Sealer::new(vec![key("a", 1)], &TICKETS).seal(ticket(), now());
        let printed = format!("{:?} {:?}", ticket(), sealed);
        assert_eq!(printed, "Ticket { .. } SealedTicket { .. }");
    }
}
