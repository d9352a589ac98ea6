//! `POST /v1/uploads`: opens uploads.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt as _, stream};
use nearput_api::{OpenFile, OpenUploads, OpenedUpload, OpenedUploads, PartToSign, Plan};
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Call, Caller};
use crate::aws::NewUpload;
use crate::clock::unix_millis;
use crate::error::{Error, outcome};
use crate::key::ObjectKey;
use crate::plan::{Cut, InvalidPlan};
use crate::policy::{self, Grant};
use crate::site::Site;
use crate::ticket::{Attributes, Sending, Ticket};
use crate::upload::{Part, Upload};

/// How many uploads of one call are created in the storage at a time.
const CONCURRENCY: usize = 16;

pub(super) async fn open(State(app): State<Arc<App>>, call: Call<OpenUploads>) -> Result<Json<OpenedUploads>, Error> {
    let OpenUploads { site, files } = call.body;
    app.check_file_count(files.len())?;
    let site = app.site(site.as_deref().unwrap_or(&app.home))?;

    let uploads: Vec<_> = files.iter().map(|file| open_one(&app, &call.caller, site, file)).collect();
    let uploads = stream::iter(uploads).buffered(CONCURRENCY).map(outcome).collect().await;
    Ok(Json(OpenedUploads { server_time: unix_millis(SystemTime::now()), uploads }))
}

async fn open_one(app: &App, caller: &Caller, site: &Site, file: &OpenFile) -> Result<OpenedUpload, Error> {
    // All that can be refused is refused before the storage is asked, so that nothing is left behind there.
    let grant = policy::decide(caller, file, &app.limits)?;
    let cut = Cut::check(file.plan, grant.size(), &site.profile)?;
    app.check_part_count(file.parts.len())?;
    let parts: Vec<_> = parts_to_sign(file).iter().map(|asked| Part::check(asked, &cut)).collect::<Result<_, _>>()?;
    let credentials = site.credentials().await?;

    let key = ObjectKey::make(&grant, Uuid::new_v4());
    let sending = prepare(site, &grant, &cut, &key).await?;
    let ticket = Ticket::new(&grant, site.id.clone(), key.clone(), &cut, sending);

    let now = SystemTime::now();
    let upload = Upload { site, ticket };
    let presigner = app.presigner(site, &credentials, now)?;
    let parts = parts.iter().map(|part| upload.sign(part, &presigner)).collect::<Result<Vec<_>, _>>()?;
    site.metrics.opened.inc();
    site.metrics.signed(&parts);
    let sealed = app.sealer.seal(upload.ticket, now);
    Ok(OpenedUpload {
        ticket: sealed.text,
        expires_at: sealed.expires_at * 1000,
        site: site.id.clone(),
        key: key.into(),
        plan: cut.plan,
        parts,
    })
}

/// A form has one part, which is signed whether or not it is asked for.
fn parts_to_sign(file: &OpenFile) -> &[PartToSign] {
    match file.plan {
        Plan::Form if file.parts.is_empty() => &[PartToSign { number: 1, checksum: None }],
        Plan::Form | Plan::Put | Plan::Multipart { .. } => &file.parts,
    }
}

async fn prepare(site: &Site, grant: &Grant, cut: &Cut, key: &ObjectKey) -> Result<Sending, Error> {
    let disposition = grant.name().content_disposition();
    match cut.plan {
        Plan::Form if is_rewritten_in_forms(grant) => Err(InvalidPlan::Rewritten.into()),
        Plan::Form => Ok(Sending::Form(Attributes { disposition, metadata: grant.metadata().clone() })),
        Plan::Put => Ok(Sending::Put(Attributes { disposition, metadata: grant.metadata().clone() })),
        Plan::Multipart { part_size } => {
            let upload_id = site
                .storage
                .create(&NewUpload {
                    key: key.as_str(),
                    media_type: grant.media_type().as_str(),
                    disposition: &disposition,
                    metadata: grant.metadata(),
                    checksum: cut.checksum,
                })
                .await?;
            Ok(Sending::Multipart { part_size, upload_id })
        }
    }
}

/// Key and disposition are made here, and have no such characters.
fn is_rewritten_in_forms(grant: &Grant) -> bool {
    let mut values = grant.metadata().iter().map(|(_, value)| value).chain([grant.media_type().as_str()]);
    values.any(|value| value.contains("${filename}"))
}
