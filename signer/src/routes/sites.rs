//! `/v1/sites`: which sites there are, and what the caller may upload.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use nearput_api::{Limits, Sites, path};

use super::openapi::Failures;
use crate::app::App;
use crate::auth::{Call, NoBody};
use crate::clock::unix_millis;
use crate::error::Error;
use crate::policy::{Level, Rule};
use crate::site::{Offer, Site};
use crate::ticket::Existing;

/// Tells which sites there are, and what the caller may upload.
///
/// A page asks by POST, with its token in the body: then its browser needs no preflight.
#[utoipa::path(method(get, post), tag = "uploads", path = path::SITES, responses((status = 200, body = Sites, description = "Done"), Failures))]
pub(super) async fn sites(State(app): State<Arc<App>>, call: Call<NoBody>) -> Result<Json<Sites>, Error> {
    let levels = app.policy.levels(&call.caller)?;
    let may_use = |level: &Level<'_>, id: &str| level.sites.iter().any(|site| site == id);
    let offer = Offer {
        // No form can keep an object from being replaced.
        forms: levels.iter().all(|level| level.rule.existing != Existing::Kept),
        credentials: call.caller.subject().is_some() && levels.iter().all(|level| level.rule.allows_delegation()),
    };
    let describe = |site: &Site| {
        let with_it: Vec<_> = levels.iter().filter(|level| may_use(level, &site.id)).collect();
        let for_all = |id: &str| with_it.iter().all(|level| may_use(level, id));
        (!with_it.is_empty()).then(|| site.describe(offer, &app.paths_within(site, &call.caller, &for_all)))
    };
    let limits = |rule: &Rule| Limits {
        max_file_size: rule.max_file_size,
        max_files_per_call: rule.max_files_per_call,
        max_parts_per_call: app.max_parts_per_call,
        types: rule.types.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
    };
    let named = |level: &Level<'_>| nearput_api::Level {
        access: level.rule.access.clone(),
        sites: level.sites.to_vec(),
        limits: limits(level.rule),
    };
    Ok(Json(Sites {
        server_time: unix_millis(SystemTime::now()),
        home: app.policy.home(&levels[0].sites).to_owned(),
        routing: app.routing,
        signers: app.signers.iter().filter(|signer| app.policy.names(&call.caller, signer)).cloned().collect(),
        sites: app.sites.iter().filter_map(describe).collect(),
        limits: limits(levels[0].rule),
        levels: levels.iter().map(named).collect(),
    }))
}
