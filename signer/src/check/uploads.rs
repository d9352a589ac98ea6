//! Real small uploads, signed as the signer signs every other, by each plan and each path, and removed after.
//!
//! They have a prefix of their own, so that nothing else is touched.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use nearput_api::{ChecksumAlgorithm, OpenFile, PartToSign, PathKind, Plan, SignedPart};
use reqwest::Method;
use uuid::Uuid;

use super::eyes::{Answer, Asked, Eyes};
use super::finding::Finding;
use crate::auth::Caller;
use crate::aws::{NewUpload, PartToComplete, UploadToComplete};
use crate::checksum::{Checked, Checksum};
use crate::config::{Config, Rule};
use crate::plan::Cut;
use crate::policy::{self, Fresh, Policy, Request};
use crate::presign::Presigner;
use crate::site::Site;
use crate::template::Placeholder;
use crate::ticket::{Sending, Ticket};
use crate::upload::{Part, Upload};

pub(super) const NAME: &str = "nearput-check.txt";
pub(super) const MEDIA_TYPE: &str = "text/plain";
pub(super) const CONTENT: &[u8] = b"nearput signer check: this may be deleted\n";
/// Of the content.
pub(super) const CRC64NVME: &str = "mK+Y3Qbm/zE=";
const CRC32C: &str = "qVwjOg==";

const EXPIRES: Duration = Duration::from_mins(5);
const PLANS: [(&str, Plan); 3] = [("form", Plan::Form), ("put", Plan::Put), ("multipart", MULTIPART)];
const MULTIPART: Plan = Plan::Multipart { part_size: 5 << 20 };

/// Whoever this rule is for may do nothing but check.
const RULE: &str = "
    access = 'guest'
    callers = 'everyone'
    key = 'nearput-check/{uuid}/{name}'
    max_file_size = 1024
    max_files_per_call = 1
    types = ['text/plain']
";

/// One upload that was tried.
#[derive(Debug)]
pub(super) struct Tried {
    plan: &'static str,
    path: String,
    kind: PathKind,
    /// Why it failed.
    problem: Option<Problem>,
    /// The storage's answer to the browser.
    pub(super) answer: Option<Answer>,
    /// What could not be removed.
    left: Option<String>,
}

/// Why an upload failed.
#[derive(Debug, PartialEq, Eq)]
enum Problem {
    /// The storage, or the way to it, refused.
    Refused(String),
    /// It is stored, and is not what was sent.
    Mismatch,
}

/// Uploads to a site.
pub(super) struct Uploads<'a> {
    pub(super) eyes: &'a Eyes,
    pub(super) site: &'a Site,
    pub(super) client: &'a Client,
    /// The page that would send them.
    pub(super) origin: &'a str,
    pub(super) policy: &'a Policy,
}

/// The rules of the configuration as far as they say how objects are stored at this site, for whoever checks.
pub(super) fn policy(config: &Config, site: &str) -> Policy {
    let plain: Rule = toml::from_str(RULE).expect("the rule above is one");
    let own =
        config.rules.iter().find(|rule| rule.sites.as_ref().is_none_or(|sites| sites.iter().any(|id| id == site)));
    let rule = match own {
        Some(own) => Rule {
            tags: if [Placeholder::Subject, Placeholder::Tenant].into_iter().any(|one| own.tags.has(one)) {
                Default::default()
            } else {
                own.tags.clone()
            },
            cache_control: own.cache_control.clone(),
            storage_class: own.storage_class.clone(),
            encryption: own.encryption,
            kms_key_id: own.kms_key_id.clone(),
            ..plain
        },
        None => plain,
    };
    let mut checked = config.clone();
    (checked.rules, checked.residency) = (vec![rule], Vec::new());
    Policy::new(&checked)
}

impl Uploads<'_> {
    /// Uploads by each plan that the site takes, and by each path.
    pub(super) async fn try_all(&self) -> Vec<Tried> {
        let mut tried = Vec::new();
        for (name, plan) in PLANS {
            if plan == Plan::Form && !self.site.profile.form {
                continue;
            }
            for path in &self.site.bucket.paths {
                // For these the signer sends a browser to another path.
                if path.kind == PathKind::Mrap && plan != Plan::Put {
                    continue;
                }
                let mut one = Tried {
                    plan: name,
                    path: path.id.clone(),
                    kind: path.kind,
                    problem: None,
                    answer: None,
                    left: None,
                };
                one.problem = self.try_one(plan, &mut one).await.err();
                tried.push(one);
            }
        }
        tried
    }

    async fn try_one(&self, plan: Plan, tried: &mut Tried) -> Result<(), Problem> {
        let refused = |error: &dyn std::fmt::Display| Problem::Refused(error.to_string());
        let site = self.site;
        let checksum = match site.profile.checksum {
            Some(ChecksumAlgorithm::Crc64nvme) => Some(CRC64NVME.to_owned()),
            Some(ChecksumAlgorithm::Crc32c) => Some(CRC32C.to_owned()),
            None => None,
        };
        let part = PartToSign { number: 1, checksum: checksum.clone() };
        let file = OpenFile {
            name: NAME.to_owned(),
            size: CONTENT.len() as u64,
            content_type: MEDIA_TYPE.to_owned(),
            access: None,
            metadata: Default::default(),
            plan,
            parts: Vec::new(),
        };
        let request = Request { site: Some(&site.id), files: 1, file: &file };
        let grant = policy::decide(&Caller::Anonymous, &request, self.policy).map_err(|error| refused(&error))?;
        let cut = Cut::check(plan, grant.size(), &site.profile).map_err(|error| refused(&error))?;
        let now = SystemTime::now();
        let fresh = Fresh::new(Uuid::new_v4(), now);
        let key = grant.key(&fresh).map_err(|error| refused(&error))?;
        let attributes = grant.attributes(&fresh).map_err(|error| refused(&error))?;
        let credentials = site.credentials().await.map_err(|error| refused(&error))?;
        let presigner =
            Presigner::new(&credentials, &site.bucket.region, now, EXPIRES).map_err(|error| refused(&error))?;
        let sending = match plan {
            Plan::Form => Sending::Form(attributes),
            Plan::Put => Sending::Put(attributes),
            Plan::Multipart { part_size } => {
                let (key, checksum) = (key.as_str(), cut.checksum);
                let new = NewUpload { key, media_type: MEDIA_TYPE, attributes: &attributes, checksum };
                let upload_id = site.storage.create(&new).await.map_err(|error| refused(&error))?;
                Sending::Multipart { part_size, upload_id }
            }
        };
        let ticket = Ticket::new(&grant, key.clone(), &cut, sending);
        let upload = Upload { site, paths: site.bucket.paths.iter().collect(), ticket, renewed: None };
        let part = Part::check(&part, &cut).map_err(|error| refused(&error))?;
        let signed = upload.sign(&part, &presigner).map_err(|error| refused(&error))?;
        let sent = self.send(&signed, tried).await;
        let stored = match (&sent, &upload.ticket.sending) {
            (Ok(()), Sending::Multipart { upload_id, .. }) => {
                self.complete(&upload, upload_id, checksum.as_deref(), tried.answer.as_ref()).await
            }
            (Ok(()), Sending::Form(_) | Sending::Put(_)) => Ok(()),
            (Err(_), Sending::Multipart { upload_id, .. }) => {
                if site.storage.abort(key.as_str(), upload_id).await.is_err() {
                    tried.left = Some(format!("the open upload {}", key.as_str()));
                }
                return sent;
            }
            (Err(_), Sending::Form(_) | Sending::Put(_)) => return sent,
        };
        let compared = match stored {
            Ok(()) => self.compare(key.as_str(), checksum.as_deref()).await,
            Err(problem) => Err(problem),
        };
        if !self.remove(key.as_str()).await {
            tried.left = Some(key.as_str().to_owned());
        }
        compared
    }

    /// Sends it as a page of the origin would.
    async fn send(&self, signed: &SignedPart, tried: &mut Tried) -> Result<(), Problem> {
        let url = signed.urls.get(&tried.path).ok_or(Problem::Refused("it has no such path".to_owned()))?;
        let method = Method::from_bytes(signed.method.as_bytes()).unwrap_or(Method::PUT);
        let mut asked = Asked { method, ..Asked::get(url.clone()) }.header("origin", self.origin);
        if signed.fields.is_empty() {
            for (name, value) in &signed.headers {
                asked = asked.header(name, value.clone());
            }
            asked.body = CONTENT.to_owned();
        } else {
            let boundary = Uuid::new_v4().simple().to_string();
            asked = asked.header("content-type", format!("multipart/form-data; boundary={boundary}"));
            asked.body = form(signed, &boundary);
        }
        let answer = self.eyes.send(&asked).await.map_err(Problem::Refused)?;
        let is_stored = answer.status.is_success();
        let code = super::aws_call::texts(&answer.body, "Code").concat();
        let problem = Problem::Refused(format!("{} {code}", answer.status.as_u16()).trim_end().to_owned());
        tried.answer = Some(answer);
        if is_stored { Ok(()) } else { Err(problem) }
    }

    async fn complete(
        &self,
        upload: &Upload<'_>,
        upload_id: &str,
        checksum: Option<&str>,
        answer: Option<&Answer>,
    ) -> Result<(), Problem> {
        let refused = |error: &dyn std::fmt::Display| Problem::Refused(error.to_string());
        let whole =
            Checksum::required(self.site.profile.checksum, checksum, Checked::File).map_err(|error| refused(&error))?;
        let etag = answer.and_then(|answer| answer.header("etag")).map(str::to_owned);
        let complete = UploadToComplete {
            key: upload.ticket.key.as_str(),
            upload_id,
            size: CONTENT.len() as u64,
            parts: vec![PartToComplete { number: 1, etag, checksum: whole.clone() }],
            checksum: whole.as_ref(),
            only_new: false,
        };
        self.site.storage.complete(complete).await.map_err(|error| refused(&error))
    }

    /// Whether what is stored is what was sent.
    async fn compare(&self, key: &str, checksum: Option<&str>) -> Result<(), Problem> {
        let found = self.site.storage.head(key, self.site.profile.checksum).await;
        let found = found.map_err(|error| Problem::Refused(error.to_string()))?;
        let found = found.ok_or(Problem::Mismatch)?;
        let is_same = found.checksum.is_none() || found.checksum.as_deref() == checksum;
        if found.size == CONTENT.len() as u64 && is_same { Ok(()) } else { Err(Problem::Mismatch) }
    }

    /// The marker that hides it is replicated, and so comes first; the version itself is then removed as well, where that is allowed.
    async fn remove(&self, key: &str) -> bool {
        let version = self.site.storage.head(key, None).await.ok().flatten().and_then(|object| object.version_id);
        let delete = || self.client.delete_object().bucket(&self.site.bucket.name).key(key);
        let is_hidden = delete().send().await.is_ok();
        if let Some(version) = version.filter(|version| version != "null") {
            let _ = delete().version_id(version).send().await;
        }
        is_hidden
    }
}

fn form(signed: &SignedPart, boundary: &str) -> Vec<u8> {
    let head = |name: &str| format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"");
    let mut body = Vec::new();
    for (name, value) in &signed.fields {
        body.extend(format!("{}\r\n\r\n{value}\r\n", head(name)).into_bytes());
    }
    let file = format!("{}; filename=\"blob\"\r\nContent-Type: application/octet-stream\r\n\r\n", head("file"));
    body.extend(file.into_bytes());
    body.extend(CONTENT);
    body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    body
}

/// What is found of all that was tried at a site.
pub(super) fn findings(bucket: &str, tried: &[Tried]) -> Vec<Finding> {
    let mut found = Vec::new();
    for Tried { plan, path, kind, problem, left, .. } in tried {
        found.extend(problem.as_ref().map(|problem| match problem {
            Problem::Refused(problem) => {
                let mend = "see what the storage says: the signer's credentials need s3:PutObject, s3:GetObject, \
                            s3:AbortMultipartUpload, s3:ListMultipartUploadParts on the objects and s3:ListBucket on the bucket";
                let id = if *kind == PathKind::Mrap { "mrap-put" } else { "upload-refused" };
                Finding::error(id, format!("an upload by {plan} and the path {path} fails: {problem}"), mend)
            }
            Problem::Mismatch => {
                let what = format!("what is stored after an upload by {plan} and the path {path} is not what was sent");
                Finding::error("upload-mismatch", what, "look for what changes requests on their way, and report it")
            }
        }));
        found.extend(left.as_ref().map(|left| {
            let what = format!("{left} could not be removed");
            Finding::warning("upload-left", what, format!("aws s3 rm --recursive s3://{bucket}/nearput-check/"))
        }));
    }
    if tried.iter().all(|one| one.problem.is_none()) {
        let count = tried.len();
        found.push(Finding::ok(
            "upload",
            format!("{count} small uploads, by each plan and path, were stored as they were sent"),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use crc_fast::CrcAlgorithm::{Crc32Iscsi, Crc64Nvme};

    use super::*;

    #[test]
    fn the_content_has_the_checksums_that_are_written_beside_it() {
        let of = |algorithm| crc_fast::checksum(algorithm, CONTENT);
        assert_eq!(BASE64_STANDARD.encode(of(Crc64Nvme).to_be_bytes()), CRC64NVME);
        assert_eq!(BASE64_STANDARD.encode(&of(Crc32Iscsi).to_be_bytes()[4..]), CRC32C);
    }
}
