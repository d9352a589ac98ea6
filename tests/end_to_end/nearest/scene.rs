//! A visitor's browser, and three regions at their distances.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nearput_dev::{Place, Site, SiteOptions, Visitor, World, WorldOptions};
use nearput_tests::{Tab, Upload, WEB, files};

pub(super) const MIB: u64 = 1 << 20;

/// What a connection carries in a round trip: little enough that the distance is felt, and enough that no test takes minutes.
const WINDOW: usize = 512 << 10;

pub(super) struct Scene {
    pub(super) world: World,
    pub(super) tab: Tab,
}

impl Scene {
    /// The page is led to the first site's signer, wherever the visitor is: what it prefers is not what is nearest.
    pub(super) async fn start(place: Place, replication: Option<Duration>) -> Result<Self> {
        let world = World::start(WorldOptions {
            web: WEB.into(),
            sites: SiteOptions::three(),
            visitor: Some(Visitor { place, window: WINDOW }),
            replication,
            ..WorldOptions::default()
        })
        .await?;
        let tab = Tab::open(&world, "").await?;
        Ok(Self { world, tab })
    }

    /// Everything that the page has sent to storages, with the heads of its requests.
    pub(super) fn sent(&self) -> u64 {
        let lines = self.world.sites.iter().filter_map(|site| site.lines.as_ref());
        lines.flat_map(|lines| &lines.storage).map(|line| line.meter().bytes()).sum()
    }

    /// Waits until the only upload has ended, and makes sure that its file is whole at this site and at no other.
    pub(super) async fn stored_only_at(&self, id: &str, file: &Path) -> Result<Upload> {
        let upload = self.stored_only_at_one(file).await?;
        ensure!(upload.site == id, "the object is at {}, not at {id}", upload.site);
        Ok(upload)
    }

    /// The same, at whichever site the page says.
    pub(super) async fn stored_only_at_one(&self, file: &Path) -> Result<Upload> {
        let upload = self.tab.ended().await?.pop().context("nothing was uploaded")?;
        ensure!(upload.state == "done", "{} is {}: {}", upload.name, upload.state, upload.error);
        ensure!(upload.is_monotone, "the progress ran backwards");
        let have: Vec<&Site> =
            self.world.sites.iter().filter(|site| site.s3.object(&site.bucket, &upload.key).is_some()).collect();
        let [site] = have[..] else { anyhow::bail!("{} sites have the object", have.len()) };
        ensure!(site.id == upload.site, "the object is at {}, not at {}", site.id, upload.site);
        let object = site.s3.object(&site.bucket, &upload.key).context("it was there")?;
        ensure!(files::same_content(&object, file)?, "the object has other bytes");
        Ok(upload)
    }
}
