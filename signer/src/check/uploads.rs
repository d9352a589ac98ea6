//! Real small uploads, signed as the signer signs every other, by each plan and each path, and removed after.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::Credentials;
use nearput_api::{OpenFile, PartToSign, PathKind, Plan, SignedPart};
use reqwest::Method;
use uuid::Uuid;

use super::aws_call::texts;
use super::eyes::{Answer, Asked, Eyes};
use super::finding::Finding;
use super::remains::{self, Remains};
use super::sample;
use crate::attributes::Attributes;
use crate::auth::Caller;
use crate::aws::{NewUpload, PartToComplete, UploadToComplete};
use crate::checksum::{Checked, Checksum};
use crate::clock::unix_seconds;
use crate::plan::Cut;
use crate::policy::{self, Fresh, Policy, Request};
use crate::presign::Presigner;
use crate::site::Site;
use crate::ticket::{Sending, Ticket};
use crate::upload::{Part, Upload};

const EXPIRES: Duration = Duration::from_mins(5);
const PLANS: [(&str, Plan); 3] = [("form", Plan::Form), ("put", Plan::Put), ("multipart", MULTIPART)];
pub(super) const MULTIPART: Plan = Plan::Multipart { part_size: PART_SIZE };
/// Storage takes no smaller ones, and any size of the last one.
pub(super) const PART_SIZE: u64 = 5 << 20;

/// One upload that was tried.
#[derive(Debug)]
pub(super) struct Tried {
    plan: &'static str,
    path: String,
    /// Why it failed.
    problem: Option<Problem>,
    /// The storage's answer to the browser.
    pub(super) answer: Option<Answer>,
    /// What could not be removed.
    left: Vec<String>,
}

/// Why an upload failed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    /// The storage, or the way to it, refused.
    #[error("{0}")]
    Refused(String),
    #[error("what is stored is not what was sent")]
    Mismatch,
}

/// Uploads to a site.
pub(super) struct Uploads<'a> {
    pub(super) eyes: &'a Eyes,
    pub(super) site: &'a Site,
    /// The page that would send them.
    pub(super) origin: &'a str,
    pub(super) policy: &'a Policy,
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
                // What goes by an access point may be found elsewhere.
                if path.kind == PathKind::Mrap {
                    continue;
                }
                tried.push(self.try_one((name, plan), &path.id).await);
            }
        }
        tried
    }

    async fn try_one(&self, (name, plan): (&'static str, Plan), path: &str) -> Tried {
        let mut tried = Tried { plan: name, path: path.to_owned(), problem: None, answer: None, left: Vec::new() };
        let upload = match self.open(plan).await {
            Ok(upload) => upload,
            Err(problem) => return Tried { problem: Some(problem), ..tried },
        };
        let stored = self.store(&upload, &mut tried).await;
        let remains = Remains {
            site: self.site,
            key: upload.ticket.key.as_str(),
            upload_id: if stored.is_ok() { None } else { upload_id(&upload) },
            // Who hears nothing knows nothing.
            may_be_stored: tried.answer.as_ref().is_none_or(|answer| !answer.status.is_client_error()),
        };
        tried.left = remains.clear().await;
        Tried { problem: stored.err(), ..tried }
    }

    async fn open(&self, plan: Plan) -> Result<Upload<'_>, Problem> {
        let (mut ticket, attributes) = self.ticket(plan)?;
        ticket.sending = match plan {
            Plan::Form => Sending::Form(attributes),
            Plan::Put => Sending::Put(attributes),
            Plan::Multipart { part_size } => {
                let (key, checksum) = (ticket.key.as_str(), self.site.profile.checksum);
                let new = NewUpload { key, media_type: sample::MEDIA_TYPE, attributes: &attributes, checksum };
                let upload_id = self.site.storage.create(&new).await.map_err(refused)?;
                Sending::Multipart { part_size, upload_id, by_access_point: false }
            }
        };
        Ok(self.upload(ticket))
    }

    /// Whether what is stored in the end is what was sent.
    async fn store(&self, upload: &Upload<'_>, tried: &mut Tried) -> Result<(), Problem> {
        let credentials = self.site.credentials().await.map_err(refused)?;
        let presigner = self.presigner(&credentials)?;
        let checksum = sample::checksum(self.site.profile.checksum);
        let signed = upload.sign(&self.part(upload)?, &presigner).map_err(refused)?;
        let answer = self.send(&signed, &tried.path, sample::CONTENT).await.map_err(Problem::Refused)?;
        let answer = tried.answer.insert(answer);
        stored(answer)?;
        if let Some(upload_id) = upload_id(upload) {
            self.complete(upload, upload_id, checksum, answer).await?;
        }
        self.compare(upload.ticket.key.as_str(), checksum).await
    }

    /// Of an upload that is to be sent by PUT, with all that is to be stored with it.
    pub(super) fn ticket(&self, plan: Plan) -> Result<(Ticket, Attributes), Problem> {
        let file = OpenFile {
            name: sample::NAME.to_owned(),
            size: sample::CONTENT.len() as u64,
            content_type: sample::MEDIA_TYPE.to_owned(),
            access: None,
            metadata: Default::default(),
            plan,
            parts: Vec::new(),
        };
        let request = Request { site: Some(&self.site.id), files: 1, file: &file };
        let grant = policy::decide(&Caller::Anonymous, &request, self.policy).map_err(refused)?;
        let cut = Cut::check(plan, grant.size(), &self.site.profile).map_err(refused)?;
        let fresh = Fresh::new(Uuid::new_v4(), SystemTime::now());
        let (key, attributes) = (grant.key(&fresh).map_err(refused)?, grant.attributes(&fresh).map_err(refused)?);
        Ok((Ticket::new(&grant, key, &cut, Sending::Put(attributes.clone())), attributes))
    }

    pub(super) fn upload(&self, ticket: Ticket) -> Upload<'_> {
        let paths = self.site.bucket.paths.iter().collect();
        Upload { site: self.site, paths, ticket, opened_at: unix_seconds(SystemTime::now()), renewed: None }
    }

    pub(super) fn part(&self, upload: &Upload<'_>) -> Result<Part, Problem> {
        let part = PartToSign { number: 1, checksum: sample::checksum(self.site.profile.checksum).map(str::to_owned) };
        Part::check(&part, &upload.ticket.cut()).map_err(refused)
    }

    pub(super) fn presigner<'b>(&'b self, credentials: &'b Credentials) -> Result<Presigner<'b>, Problem> {
        Presigner::new(credentials, &self.site.bucket.region, SystemTime::now(), EXPIRES).map_err(refused)
    }

    /// Sends it as a page of the origin would.
    pub(super) async fn send(&self, signed: &SignedPart, path: &str, body: &[u8]) -> Result<Answer, String> {
        let url = signed.urls.get(path).ok_or("it has no such path")?;
        let method = Method::from_bytes(signed.method.as_bytes()).unwrap_or(Method::PUT);
        let mut asked = Asked { method, ..Asked::get(url.clone()) }.header("origin", self.origin);
        if signed.fields.is_empty() {
            for (name, value) in &signed.headers {
                asked = asked.header(name, value.clone());
            }
            asked.body = body.to_owned();
        } else {
            let boundary = Uuid::new_v4().simple().to_string();
            asked = asked.header("content-type", format!("multipart/form-data; boundary={boundary}"));
            asked.body = sample::form(signed, &boundary);
        }
        self.eyes.send(&asked).await
    }

    async fn complete(
        &self,
        upload: &Upload<'_>,
        upload_id: &str,
        checksum: Option<&str>,
        answer: &Answer,
    ) -> Result<(), Problem> {
        let whole = Checksum::required(self.site.profile.checksum, checksum, Checked::File).map_err(refused)?;
        let etag = answer.header("etag").map(str::to_owned);
        let complete = UploadToComplete {
            key: upload.ticket.key.as_str(),
            upload_id,
            size: sample::CONTENT.len() as u64,
            parts: vec![PartToComplete { number: 1, etag, checksum: whole.clone() }],
            checksum: whole.as_ref(),
            only_new: false,
        };
        self.site.storage.complete(complete).await.map_err(refused)
    }

    /// Whether what is stored is what was sent.
    async fn compare(&self, key: &str, checksum: Option<&str>) -> Result<(), Problem> {
        let found = self.site.storage.head(key, self.site.profile.checksum).await;
        let found = found.map_err(refused)?;
        let found = found.ok_or(Problem::Mismatch)?;
        let is_same = found.checksum.is_none() || found.checksum.as_deref() == checksum;
        if found.size == sample::CONTENT.len() as u64 && is_same { Ok(()) } else { Err(Problem::Mismatch) }
    }
}

fn upload_id<'a>(upload: &'a Upload<'_>) -> Option<&'a str> {
    match &upload.ticket.sending {
        Sending::Multipart { upload_id, .. } => Some(upload_id),
        Sending::Form(_) | Sending::Put(_) | Sending::Awaiting { .. } => None,
    }
}

fn refused(error: impl std::fmt::Display) -> Problem {
    Problem::Refused(error.to_string())
}

/// What the storage has answered to a request that was to store something.
pub(super) fn stored(answer: &Answer) -> Result<(), Problem> {
    if answer.status.is_success() {
        return Ok(());
    }
    let code = texts(&answer.body, "Code").concat();
    Err(Problem::Refused(format!("{} {code}", answer.status.as_u16()).trim_end().to_owned()))
}

/// What is found of all that was tried at a site.
pub(super) fn findings(tried: &[Tried]) -> Vec<Finding> {
    let mut found = Vec::new();
    for Tried { plan, path, problem, left, .. } in tried {
        found.extend(problem.as_ref().map(|problem| match problem {
            Problem::Refused(problem) => {
                let mend = "see what the storage says: the signer's credentials need s3:PutObject, s3:GetObject, \
                            s3:AbortMultipartUpload, s3:ListMultipartUploadParts on the objects and s3:ListBucket on the bucket";
                Finding::error("upload-refused", format!("an upload by {plan} and the path {path} fails: {problem}"), mend)
            }
            Problem::Mismatch => {
                let what = format!("what is stored after an upload by {plan} and the path {path} is not what was sent");
                Finding::error("upload-mismatch", what, "look for what changes requests on their way, and report it")
            }
        }));
        found.extend(remains::findings(left));
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
