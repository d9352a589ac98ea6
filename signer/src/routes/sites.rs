//! `/v1/sites`: which sites there are, and what the caller may upload.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use nearput_api::{Limits, Sites};

use crate::app::App;
use crate::auth::{Call, NoBody};
use crate::clock::unix_millis;
use crate::site::Site;

pub(super) async fn sites(State(app): State<Arc<App>>, _: Call<NoBody>) -> Json<Sites> {
    Json(Sites {
        server_time: unix_millis(SystemTime::now()),
        home: app.home.clone(),
        sites: app.sites.iter().map(Site::describe).collect(),
        limits: Limits {
            max_file_size: app.limits.max_file_size,
            max_files_per_call: app.limits.max_files_per_call,
            max_parts_per_call: app.limits.max_parts_per_call,
            types: app.limits.types.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
        },
    })
}
