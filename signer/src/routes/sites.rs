//! `/v1/sites`: which sites there are, and what the caller may upload.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use nearput_api::{Level, Limits, Sites, path};

use super::openapi::Failures;
use crate::app::App;
use crate::auth::{Call, NoBody};
use crate::clock::unix_millis;
use crate::error::Error;
use crate::policy::Rule;
use crate::site::Offer;
use crate::ticket::Existing;

/// Tells which sites there are, and what the caller may upload.
///
/// A page asks by POST, with its token in the body: then its browser needs no preflight.
#[utoipa::path(method(get, post), tag = "uploads", path = path::SITES, responses((status = 200, body = Sites, description = "Done"), Failures))]
pub(super) async fn sites(State(app): State<Arc<App>>, call: Call<NoBody>) -> Result<Json<Sites>, Error> {
    let levels = app.levels(&call.caller)?;
    let may_use = |id: &String| levels.iter().any(|rule| rule.sites.contains(id));
    let sites: Vec<_> = app.sites.iter().filter(|site| may_use(&site.id)).collect();
    let offer = Offer {
        // No form can keep an object from being replaced.
        forms: levels.iter().all(|rule| rule.existing != Existing::Kept),
        credentials: call.caller.subject().is_some() && levels.iter().all(|rule| rule.allows_delegation()),
    };
    let limits = |rule: &Rule| Limits {
        max_file_size: rule.max_file_size,
        max_files_per_call: rule.max_files_per_call,
        max_parts_per_call: app.max_parts_per_call,
        types: rule.types.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
    };
    let level = |rule: &&Rule| Level { access: rule.access.clone(), sites: rule.sites.clone(), limits: limits(rule) };
    Ok(Json(Sites {
        server_time: unix_millis(SystemTime::now()),
        home: app.policy.home(&levels[0].sites).to_owned(),
        routing: app.routing,
        signers: app.signers.clone(),
        sites: sites.into_iter().map(|site| site.describe(offer)).collect(),
        limits: limits(levels[0]),
        levels: levels.iter().map(level).collect(),
    }))
}
