//! An upload's report, as the page sees it.

use nearput_api::Plan;
use nearput_core::paths::PathIndex;
use nearput_core::report::{PathReport, Report};

use crate::browser::clock::now;
use crate::sites::Map;
use crate::upload::Upload;
use crate::wire::{self, Json};

pub(crate) fn write(upload: &Upload, report: &Report, map: Option<&Map>) -> Json {
    let seconds = (now() - upload.began).max(1) as f64 / 1000.0;
    let plan = match upload.plan.get() {
        Plan::Form => "form",
        Plan::Put => "put",
        Plan::Multipart { .. } => "multipart",
    };
    let paths = report.paths.iter().enumerate().filter_map(|(index, path)| write_path(map?, index, path));
    let retries = report.retries.iter().map(|(code, count)| wire::counted(code, *count));
    let restarts = report.restarts.iter().map(|code| Json::object().with("code", &**code));
    Json::object()
        .with("site", map.map(|map| map.sites[upload.site.get()].id.0.clone()))
        .with("plan", plan)
        .with("size", upload.size() as f64)
        .with("seconds", seconds)
        .with("rate", upload.progress.borrow().loaded() as f64 / seconds)
        .with("paths", Json::list(paths))
        .with("retries", Json::list(retries))
        .with("restarts", Json::list(restarts))
        .with("sentTwice", report.wasted as f64)
}

fn write_path(map: &Map, index: PathIndex, report: &PathReport) -> Option<Json> {
    let (site, path) = map.paths.get(index)?;
    if *report == PathReport::default() {
        return None;
    }
    // https://HOST/…
    let host = path.string("probe_url").and_then(|url| url.split('/').nth(2).map(str::to_owned));
    let described = Json::object()
        .with("site", map.sites[*site].id.clone())
        .with("id", path.get("id"))
        .with("host", host)
        .with("bytes", report.bytes as f64)
        .with("seconds", report.busy as f64 / 1000.0)
        .with("parts", report.parts)
        .with("failures", report.failures);
    Some(described)
}
