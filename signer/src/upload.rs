//! An open upload: what its ticket names, and the requests that may be signed for it.

use std::collections::BTreeMap;

use nearput_api::{PartToSign, Plan, RenewedTicket, SignedPart};

use crate::attributes::Attributes;
use crate::checksum::{self, Checked, Checksum};
use crate::clock::unix_millis;
use crate::error::Error;
use crate::form::Form;
use crate::plan::Cut;
use crate::presign::{PresignError, Presigner, StorageRequest};
use crate::routing::{Path, escape_key, escape_query};
use crate::sealer::SealedTicket;
use crate::site::Site;
use crate::ticket::{Existing, Sending, Ticket};

/// A ticket and its site.
pub(crate) struct Upload<'a> {
    pub(crate) site: &'a Site,
    /// By which its requests may go.
    pub(crate) paths: Vec<&'a Path>,
    pub(crate) ticket: Ticket,
    /// When it was opened, in Unix seconds.
    pub(crate) opened_at: u64,
    /// The same ticket for a longer time, where half of its own is over.
    pub(crate) renewed: Option<SealedTicket>,
}

/// A part that may be signed: the upload has it, and its checksum is there where it must be.
pub(crate) struct Part {
    number: u32,
    size: u64,
    checksum: Option<Checksum>,
}

impl Part {
    pub(crate) fn check(asked: &PartToSign, cut: &Cut) -> Result<Self, Error> {
        let (given, of) = (asked.checksum.as_deref(), Checked::Part(asked.number));
        let checksum = match cut.plan {
            // A form's checksum is compared once it is stored: not every storage holds the bytes to a field of the form.
            Plan::Form => Checksum::optional(cut.checksum, given, of)?,
            Plan::Put | Plan::Multipart { .. } => Checksum::required(cut.checksum, given, of)?,
        };
        Ok(Self { number: asked.number, size: cut.part_size(asked.number)?, checksum })
    }
}

impl Upload<'_> {
    /// Signs a part by every path, for exactly its size and checksum.
    pub(crate) fn sign(&self, part: &Part, presigner: &Presigner<'_>) -> Result<SignedPart, Error> {
        let (method, urls, headers, fields) = match &self.ticket.sending {
            Sending::Form(attributes) => {
                ("POST", self.addresses(), BTreeMap::new(), presigner.sign_form(&self.form(attributes))?)
            }
            Sending::Put(attributes) => {
                let headers = self.headers(part, Some(attributes));
                ("PUT", self.part_urls(part, &headers, presigner)?, headers, BTreeMap::new())
            }
            Sending::Multipart { .. } => {
                let headers = self.headers(part, None);
                ("PUT", self.part_urls(part, &headers, presigner)?, headers, BTreeMap::new())
            }
            Sending::Awaiting { .. } => return Err(Error::NotCreated),
        };
        let expires_at = unix_millis(presigner.end());
        Ok(SignedPart { number: part.number, method: method.to_owned(), urls, headers, fields, expires_at })
    }

    /// Signs the request by which the browser creates the upload that the ticket awaits, as the signer itself would. Of the
    /// object it leaves nothing open but the bytes.
    pub(crate) fn sign_create(&self, presigner: &Presigner<'_>) -> Result<SignedPart, Error> {
        let Sending::Awaiting { attributes, .. } = &self.ticket.sending else { return Err(Error::CreatedAlready) };
        let mut headers: BTreeMap<_, _> = attributes.headers().collect();
        headers.insert("content-type".to_owned(), self.ticket.media_type.clone());
        if let Some(algorithm) = self.ticket.cut().checksum {
            headers.insert("x-amz-checksum-algorithm".to_owned(), checksum::name(algorithm).to_owned());
            headers.insert("x-amz-checksum-type".to_owned(), "FULL_OBJECT".to_owned());
        }
        let resource = escape_key(self.ticket.key.as_str()) + "?uploads";
        let access_point = self.paths.iter().filter(|path| !path.is_of_one_bucket());
        let request = Unsigned { method: "POST", resource: &resource, size: None, headers: &headers };
        let urls = sign_by(access_point, &request, presigner)?;
        let (fields, expires_at) = (BTreeMap::new(), unix_millis(presigner.end()));
        Ok(SignedPart { number: 0, method: "POST".to_owned(), urls, headers, fields, expires_at })
    }

    /// What the client is to show from now on.
    pub(crate) fn renewed(self) -> Option<RenewedTicket> {
        self.renewed.map(|sealed| RenewedTicket { ticket: sealed.text, expires_at: sealed.expires_at * 1000 })
    }

    /// Whether the storage is to refuse it where an object has the key already.
    pub(crate) fn only_new(&self) -> bool {
        match self.ticket.existing {
            Existing::Replaced => false,
            Existing::Kept | Existing::OwnOnly => self.site.conditional_writes,
        }
    }

    fn form<'a>(&'a self, attributes: &'a Attributes) -> Form<'a> {
        Form {
            bucket: &self.site.bucket.name,
            key: self.ticket.key.as_str(),
            size: self.ticket.cut().size,
            media_type: &self.ticket.media_type,
            attributes,
        }
    }

    /// A form is sent to the bucket itself, and its signature does not name the host.
    fn addresses(&self) -> BTreeMap<String, String> {
        let own = self.paths.iter().filter(|path| path.is_of_one_bucket());
        own.map(|path| (path.id.clone(), path.address.clone())).collect()
    }

    fn headers(&self, part: &Part, attributes: Option<&Attributes>) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::new();
        if let Some(checksum) = &part.checksum {
            headers.insert(checksum.header().to_owned(), checksum.as_str().to_owned());
        }
        if let Some(attributes) = attributes {
            headers.insert("content-type".to_owned(), self.ticket.media_type.clone());
            headers.extend(attributes.headers());
            if self.only_new() {
                headers.insert("if-none-match".to_owned(), "*".to_owned());
            }
        }
        headers
    }

    /// The addresses of a PUT.
    fn part_urls(
        &self,
        part: &Part,
        headers: &BTreeMap<String, String>,
        presigner: &Presigner<'_>,
    ) -> Result<BTreeMap<String, String>, PresignError> {
        let mut resource = escape_key(self.ticket.key.as_str());
        let mut may_roam = true;
        if let Sending::Multipart { upload_id, by_access_point, .. } = &self.ticket.sending {
            resource += &format!("?partNumber={}&uploadId={}", part.number, escape_query(upload_id));
            // The id of a multipart upload belongs to one bucket.
            may_roam = *by_access_point;
        }
        let paths = self.paths.iter().filter(|path| may_roam || path.is_of_one_bucket());
        let request = Unsigned { method: "PUT", resource: &resource, size: Some(part.size), headers };
        sign_by(paths, &request, presigner)
    }
}

/// A request that may go by several paths.
struct Unsigned<'a> {
    method: &'a str,
    resource: &'a str,
    /// Of the body, where that is held to one.
    size: Option<u64>,
    headers: &'a BTreeMap<String, String>,
}

fn sign_by<'a>(
    paths: impl Iterator<Item = &'a &'a Path>,
    request: &Unsigned<'_>,
    presigner: &Presigner<'_>,
) -> Result<BTreeMap<String, String>, PresignError> {
    let size = request.size.map(|size| size.to_string());
    let mut headers: Vec<_> = size.iter().map(|size| ("content-length", size.as_str())).collect();
    headers.extend(request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let sign = |path: &&Path| {
        let url = path.url(request.resource);
        let request = StorageRequest { method: request.method, url: &url, headers: &headers, by: path.kind };
        Ok((path.id.clone(), presigner.sign(&request)?))
    };
    paths.map(sign).collect()
}
