//! An open upload: what its ticket names, and the requests that may be signed for it.

use std::collections::BTreeMap;

use nearput_api::{PartToSign, PathKind, SignedPart};

use crate::checksum::{Checked, Checksum};
use crate::error::Error;
use crate::plan::Cut;
use crate::presign::{Presigner, SignedUrl, StorageRequest};
use crate::routing::escape_query;
use crate::site::Site;
use crate::ticket::{Sending, Ticket};

/// A ticket and its site.
pub(crate) struct Upload<'a> {
    pub(crate) site: &'a Site,
    pub(crate) ticket: Ticket,
}

/// A part that may be signed: the upload has it, and its checksum is there where it must be.
pub(crate) struct Part {
    number: u32,
    size: u64,
    checksum: Option<Checksum>,
    path: PathKind,
}

impl Part {
    pub(crate) fn check(asked: &PartToSign, cut: &Cut, site: &Site) -> Result<Self, Error> {
        let path = asked.path.unwrap_or_else(|| site.bucket.default_path());
        if !site.bucket.paths().contains(&path) {
            return Err(Error::UnknownPath { site: site.id.clone() });
        }
        Ok(Self {
            number: asked.number,
            size: cut.part_size(asked.number)?,
            checksum: Checksum::required(cut.checksum, asked.checksum.as_deref(), Checked::Part(asked.number))?,
            path,
        })
    }
}

impl Upload<'_> {
    /// Signs a part, for exactly its size and checksum.
    pub(crate) fn sign(&self, part: &Part, presigner: &Presigner<'_>) -> Result<SignedPart, Error> {
        let url = self.url(part.path)?;
        let mut headers = BTreeMap::new();
        if let Some(checksum) = &part.checksum {
            headers.insert("x-amz-checksum-crc64nvme".to_owned(), checksum.as_str().to_owned());
        }
        let url = match &self.ticket.sending {
            Sending::Multipart { upload_id, .. } => {
                format!("{url}?partNumber={}&uploadId={}", part.number, escape_query(upload_id))
            }
            Sending::Put { disposition, metadata } => {
                headers.insert("content-type".to_owned(), self.ticket.media_type.clone());
                headers.insert("content-disposition".to_owned(), disposition.clone());
                headers.extend(metadata.iter().map(|(name, value)| (format!("x-amz-meta-{name}"), value.to_owned())));
                url
            }
        };

        let mut signed_headers = vec![("content-length", part.size.to_string())];
        signed_headers.extend(headers.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let signed = presigner.sign(&StorageRequest { method: "PUT", url, headers: signed_headers })?;
        Ok(SignedPart {
            number: part.number,
            method: "PUT".to_owned(),
            url: signed.url,
            headers,
            expires_at: signed.expires_at,
        })
    }

    /// Signs an address that reads the object.
    pub(crate) fn sign_download(&self, presigner: &Presigner<'_>) -> Result<SignedUrl, Error> {
        let url = self.url(self.site.bucket.default_path())?;
        Ok(presigner.sign(&StorageRequest { method: "GET", url, headers: Vec::new() })?)
    }

    fn url(&self, path: PathKind) -> Result<String, Error> {
        let url = self.site.bucket.url(path, self.ticket.key.as_str());
        url.ok_or_else(|| Error::UnknownPath { site: self.site.id.clone() })
    }
}
