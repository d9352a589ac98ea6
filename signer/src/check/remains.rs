//! What is left of an upload that was tried, and its removal, whichever way it has gone.

use super::finding::Finding;
use crate::site::Site;

/// All that there may be of one upload at a site.
pub(super) struct Remains<'a> {
    pub(super) site: &'a Site,
    pub(super) key: &'a str,
    /// That of an open multipart upload.
    pub(super) upload_id: Option<&'a str>,
    /// Whether there may be an object.
    pub(super) may_be_stored: bool,
}

impl Remains<'_> {
    /// Removes everything, and says what could not be removed.
    pub(super) async fn clear(&self) -> Vec<String> {
        let Self { site, key, upload_id, may_be_stored } = *self;
        let bucket = &site.bucket.name;
        let mut left = Vec::new();
        if let Some(upload_id) = upload_id
            && site.storage.abort(key, upload_id).await.is_err()
        {
            left.push(format!("the open upload {key} in {bucket}"));
        }
        if may_be_stored && !remove(site, key).await {
            left.push(format!("{key} in {bucket}"));
        }
        left
    }
}

/// Whether there is no such object any more. The marker that hides it is replicated, and so comes first; the version itself is then
/// removed as well, where that is allowed.
async fn remove(site: &Site, key: &str) -> bool {
    let version = match site.storage.head(key, None).await {
        Ok(Some(object)) => object.version_id,
        Ok(None) => return true,
        Err(_) => None,
    };
    let delete = || site.storage.client().delete_object().bucket(&site.bucket.name).key(key);
    let is_hidden = delete().send().await.is_ok();
    if let Some(version) = version.filter(|version| version != "null") {
        let _ = delete().version_id(version).send().await;
    }
    is_hidden
}

/// What is found where something is left.
pub(super) fn findings(left: &[String]) -> Vec<Finding> {
    let mend = "signer sweep --prefix nearput-check/ --older-than 1h --abort, and \
                aws s3 rm --recursive s3://BUCKET/nearput-check/";
    let finding = |left: &String| Finding::warning("upload-left", format!("{left} could not be removed"), mend);
    left.iter().map(finding).collect()
}
