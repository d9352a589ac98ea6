//! `POST /v1/uploads`: opens uploads.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt as _, stream};
use nearput_api::{OpenFile, OpenUploads, OpenedUpload, OpenedUploads, PartToSign, Plan, path};
use uuid::Uuid;

use super::finish;
use super::openapi::Failures;
use crate::app::App;
use crate::attributes::Attributes;
use crate::auth::{Call, Caller};
use crate::aws::NewUpload;
use crate::clock::{unix_millis, unix_seconds};
use crate::error::{Error, outcome};
use crate::key::ObjectKey;
use crate::limits::Who;
use crate::plan::{Cut, InvalidPlan};
use crate::policy::{self, Fresh, Grant, Request};
use crate::routing::Path;
use crate::site::Site;
use crate::ticket::{Existing, Sending, Ticket};
use crate::upload::{Part, Upload};

/// How many uploads of one call are created in the storage at a time.
const CONCURRENCY: usize = 16;

/// Opens uploads.
///
/// Each file is granted by the signer's rules or refused by itself; the reply has one outcome for each, in the order asked for. The parts that
/// the call names are signed at once.
#[utoipa::path(post, tag = "uploads", path = path::OPEN, request_body = OpenUploads, responses((status = 200, body = OpenedUploads, description = "Done"), Failures))]
pub(super) async fn open(State(app): State<Arc<App>>, call: Call<OpenUploads>) -> Result<Json<OpenedUploads>, Error> {
    finish(open_all(app, call)).await
}

async fn open_all(app: Arc<App>, call: Call<OpenUploads>) -> Result<Json<OpenedUploads>, Error> {
    let OpenUploads { site, by_access_point, files } = call.body;
    let levels = app.policy.levels(&call.caller)?;
    app.check_file_count(&levels, files.len())?;
    app.check_parts_of_all(&files)?;
    if let Some(unknown) = site.as_ref().filter(|site| !levels.iter().any(|level| level.sites.contains(*site))) {
        return Err(Error::UnknownSite(unknown.clone()));
    }

    let request = |file| Request { site: site.as_deref(), files: files.len(), file };
    let uploads: Vec<_> = files
        .iter()
        .map(|file| async {
            let granted = grant(&app, &call.caller, request(file), by_access_point)?;
            open_one(&app, &call.who, file, granted).await
        })
        .collect();
    let uploads =
        stream::iter(uploads).buffered(CONCURRENCY).map(|result| outcome(result, &app.metrics)).collect().await;
    Ok(Json(OpenedUploads { server_time: unix_millis(SystemTime::now()), uploads }))
}

/// What is granted for a file, and by which way.
struct Granted<'a> {
    grant: Grant<'a>,
    site: &'a Site,
    paths: Vec<&'a Path>,
    /// Whether the browser creates the upload, so that an access point chooses its bucket.
    by_access_point: bool,
}

fn grant<'a>(
    app: &'a App,
    caller: &'a Caller,
    request: Request<'a>,
    by_access_point: bool,
) -> Result<Granted<'a>, Error> {
    let grant = policy::decide(caller, &request, &app.policy)?;
    let site = app.site(grant.site())?;
    tracing::debug!(rule = grant.rule().number, site = site.id, "granted");
    let may_use = |id: &str| grant.sites().iter().any(|site| site == id);
    let paths = app.paths_within(site, caller, &may_use);
    let is_there = site.access_point && paths.iter().any(|path| !path.is_of_one_bucket());
    match (request.file.plan, by_access_point) {
        (Plan::Multipart { .. }, true) if !is_there => Err(Error::NoAccessPoint { site: site.id.clone() }),
        (Plan::Multipart { .. }, by_access_point) => Ok(Granted { grant, site, paths, by_access_point }),
        (Plan::Form | Plan::Put, _) => Ok(Granted { grant, site, paths, by_access_point: false }),
    }
}

async fn open_one(app: &App, who: &Who, file: &OpenFile, granted: Granted<'_>) -> Result<OpenedUpload, Error> {
    // All that can be refused is refused before the storage is asked, so that nothing is left behind there.
    let Granted { grant, site, paths, by_access_point } = granted;
    let cut = Cut::check(file.plan, grant.size(), &site.profile)?;
    app.check_parts(&file.parts)?;
    let parts: Vec<_> = parts_to_sign(file).iter().map(|asked| Part::check(asked, &cut)).collect::<Result<_, _>>()?;
    let fresh = Fresh::new(Uuid::new_v4(), SystemTime::now());
    let (key, attributes) = (grant.key(&fresh)?, grant.attributes(&fresh)?);
    if cut.plan == Plan::Form {
        check_form(&grant, &attributes)?;
    }
    let credentials = site.credentials().await?;
    let now = SystemTime::now();
    let presigner = app.presigner(site, &credentials, now)?;

    let (sending, place) = match (cut.plan, by_access_point) {
        // Each upload that is created takes its own.
        (Plan::Multipart { part_size }, true) => (Sending::Awaiting { part_size, attributes }, None),
        (Plan::Form | Plan::Put | Plan::Multipart { .. }, _) => {
            let reservation = app.limiter.reserve(who, Uuid::new_v4().simple().to_string(), grant.size()).await?;
            match prepare(site, &grant, &cut, &key, attributes).await {
                Ok(sending) => (sending, reservation.keep()),
                Err(error) => {
                    reservation.give_back().await;
                    return Err(error);
                }
            }
        }
    };
    let mut ticket = Ticket::new(&grant, key.clone(), &cut, sending);
    ticket.place = place;
    ticket.may_roam = paths.iter().any(|path| !path.is_of_one_bucket());
    let upload = Upload { site, paths, ticket, opened_at: unix_seconds(now), renewed: None };
    let (create, parts) = match by_access_point {
        true => (Some(upload.sign_create(&presigner)?), Vec::new()),
        false => (None, parts.iter().map(|part| upload.sign(part, &presigner)).collect::<Result<_, _>>()?),
    };
    site.metrics.opened.inc();
    site.metrics.signed(create.as_slice());
    site.metrics.signed(&parts);
    let sealed = app.sealer.seal(upload.ticket, now);
    Ok(OpenedUpload {
        ticket: sealed.text,
        expires_at: sealed.expires_at * 1000,
        site: site.id.clone(),
        key: key.into(),
        plan: cut.plan,
        parts,
        create,
    })
}

/// A form has one part, which is signed whether or not it is asked for.
fn parts_to_sign(file: &OpenFile) -> &[PartToSign] {
    match file.plan {
        Plan::Form if file.parts.is_empty() => &[PartToSign { number: 1, checksum: None }],
        Plan::Form | Plan::Put | Plan::Multipart { .. } => &file.parts,
    }
}

/// Key and disposition are made here, and the operator's own attributes are checked, so they have no `${filename}`.
fn check_form(grant: &Grant<'_>, attributes: &Attributes) -> Result<(), InvalidPlan> {
    let given = attributes.metadata.iter().map(|(_, value)| value);
    if given.chain([grant.media_type().as_str()]).any(|value| value.contains("${filename}")) {
        return Err(InvalidPlan::Rewritten);
    }
    match grant.rule().existing {
        Existing::Kept => Err(InvalidPlan::WouldReplace),
        Existing::Replaced | Existing::OwnOnly => Ok(()),
    }
}

async fn prepare(
    site: &Site,
    grant: &Grant<'_>,
    cut: &Cut,
    key: &ObjectKey,
    attributes: Attributes,
) -> Result<Sending, Error> {
    match cut.plan {
        Plan::Form => Ok(Sending::Form(attributes)),
        Plan::Put => Ok(Sending::Put(attributes)),
        Plan::Multipart { part_size } => {
            let upload_id = site
                .storage
                .create(&NewUpload {
                    key: key.as_str(),
                    media_type: grant.media_type().as_str(),
                    attributes: &attributes,
                    checksum: cut.checksum,
                })
                .await?;
            Ok(Sending::Multipart { part_size, upload_id, by_access_point: false })
        }
    }
}
