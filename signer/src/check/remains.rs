//! What is left of an upload that was tried, and its removal, whichever way it has gone.

use super::finding::Finding;
use crate::replication::Replication;
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

/// Whether there is no such object any more. The version itself leaves nothing behind where it is deleted. But that is not copied: the
/// copies are hidden by a marker, which is:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-marker-replication.html>.
async fn remove(site: &Site, key: &str) -> bool {
    let (version, is_copied) = match site.storage.head(key, None).await {
        Ok(Some(object)) => {
            (object.version_id, object.replication.is_some_and(|copies| copies != Replication::Replica))
        }
        Ok(None) => return true,
        Err(_) => (None, false),
    };
    let delete = async |version: Option<&str>| {
        let delete = site.storage.client().delete_object().bucket(&site.bucket.name).key(key);
        delete.set_version_id(version.map(str::to_owned)).send().await.is_ok()
    };
    let is_hidden = is_copied && delete(None).await;
    // An object from before the bucket had versions.
    let version = version.filter(|version| version != "null");
    let is_gone = version.is_some() && delete(version.as_deref()).await;
    is_hidden || is_gone || delete(None).await
}

/// What is found where something is left.
pub(super) fn findings(left: &[String]) -> Vec<Finding> {
    let mend = "signer sweep --prefix nearput-check/ --older-than 1h --abort, and \
                aws s3 rm --recursive s3://BUCKET/nearput-check/";
    let finding = |left: &String| Finding::warning("upload-left", format!("{left} could not be removed"), mend);
    left.iter().map(finding).collect()
}
