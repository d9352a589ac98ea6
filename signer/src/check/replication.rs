//! Whether what is uploaded at one site comes to the others, and to none that it must not come to.
//!
//! See <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html>.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    DeleteMarkerReplicationStatus, ReplicaModificationsStatus, ReplicationRule, ReplicationRuleStatus,
    ReplicationTimeStatus,
};

use super::finding::Finding;
use super::look::{Look, Right};

const SOURCE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html";

/// The replication of one bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Replication {
    /// The ARN of the role that copies.
    pub(super) role: Option<String>,
    pub(super) copies: Vec<Copy>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    /// The bucket's name.
    pub(super) to: String,
    pub(super) is_enabled: bool,
    /// Whether it is for every object.
    pub(super) is_for_all: bool,
    pub(super) delete_markers: bool,
    pub(super) modifications: bool,
    /// Whether it is to take 15 minutes at most.
    pub(super) is_timed: bool,
}

/// A site as replication sees it.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) site: String,
    pub(super) bucket: String,
    pub(super) is_versioned: Look<bool>,
    pub(super) replication: Look<Replication>,
}

/// Looks at a bucket's rules.
pub(super) async fn look(client: &Client, bucket: &str, is_at_aws: bool) -> Look<Replication> {
    let answer = client.get_bucket_replication().bucket(bucket).send().await;
    let read = answer.map(|answer| {
        answer.replication_configuration.map_or_else(Replication::default, |set| Replication {
            role: Some(set.role),
            copies: set.rules.iter().map(read).collect(),
        })
    });
    let absent = ["ReplicationConfigurationNotFoundError"];
    let right = Right { name: "s3:GetReplicationConfiguration", is_at_aws };
    Look::of(right, read, &absent, Replication::default)
}

fn read(rule: &ReplicationRule) -> Copy {
    let destination = rule.destination.as_ref();
    let arn = destination.map(|destination| destination.bucket.as_str()).unwrap_or_default();
    let time = destination.and_then(|destination| destination.replication_time.as_ref());
    let selection = rule.source_selection_criteria.as_ref();
    let markers = rule.delete_marker_replication.as_ref();
    let filter = rule.filter.as_ref();
    let is_narrow = filter.is_some_and(|filter| {
        filter.prefix().is_some_and(|prefix| !prefix.is_empty()) || filter.tag().is_some() || filter.and().is_some()
    });
    Copy {
        to: arn.rsplit(':').next().unwrap_or_default().to_owned(),
        is_enabled: rule.status == ReplicationRuleStatus::Enabled,
        is_for_all: !is_narrow,
        delete_markers: markers.and_then(|set| set.status.as_ref()) == Some(&DeleteMarkerReplicationStatus::Enabled),
        modifications: selection
            .and_then(|set| set.replica_modifications.as_ref())
            .is_some_and(|set| set.status == ReplicaModificationsStatus::Enabled),
        is_timed: time.is_some_and(|time| time.status == ReplicationTimeStatus::Enabled),
    }
}

/// What is found of all of them together. Every site is to copy to every other where `is_mesh` says so, or where any does.
/// `pinned` are the lists of sites that objects must not leave.
pub(super) fn findings(members: &[Member], is_mesh: bool, pinned: &[Vec<String>]) -> Vec<Finding> {
    let copies = |member: &Member| matches!(&member.replication, Look::Seen(seen) if !seen.copies.is_empty());
    let mut found: Vec<_> = members.iter().flat_map(|member| abroad(member, members, pinned)).collect();
    if !is_mesh && !members.iter().any(copies) {
        let unseen: Vec<_> = members.iter().flat_map(unseen).collect();
        let apart = "no site copies to another: each object is where it was uploaded";
        found.extend(if unseen.is_empty() { vec![Finding::ok("replication", apart)] } else { unseen });
        return found;
    }
    for member in members {
        found.extend(versioning(member));
        let others = members.iter().filter(|other| other.site != member.site && may_copy(member, other, pinned));
        let judged = member
            .replication
            .judge("replication", |seen| others.flat_map(|other| rule(member, other, seen)).collect());
        found.extend(judged.into_iter().map(|finding| finding.at(&member.site)));
    }
    found
}

/// A site whose rules may be there, and could not be looked at. A service that has none copies nothing.
fn unseen(member: &Member) -> Vec<Finding> {
    let judged = match &member.replication {
        Look::Seen(_) | Look::Unsupported => Vec::new(),
        Look::Refused { .. } | Look::Failed(_) => member.replication.judge("replication", |_| Vec::new()),
    };
    judged.into_iter().map(|finding| finding.at(&member.site)).collect()
}

fn may_copy(from: &Member, to: &Member, pinned: &[Vec<String>]) -> bool {
    pinned.iter().all(|list| !list.contains(&from.site) || list.contains(&to.site))
}

/// Rules that take objects out of where they must stay.
fn abroad(member: &Member, members: &[Member], pinned: &[Vec<String>]) -> Vec<Finding> {
    let Look::Seen(seen) = &member.replication else { return Vec::new() };
    let is_abroad = |copy: &&Copy| {
        let to = members.iter().find(|other| other.bucket == copy.to);
        let leaves = |list: &&Vec<String>| to.is_none_or(|to| !list.contains(&to.site));
        copy.is_enabled && pinned.iter().filter(|list| list.contains(&member.site)).any(|list| leaves(&list))
    };
    let finding = |copy: &Copy| {
        let what = format!("its objects are copied to {}, and [[residency]] says that some must not go there", copy.to);
        let mend = format!(
            "take the rule out: aws s3api put-bucket-replication --bucket {} --replication-configuration …, \
             and delete what it has copied",
            member.bucket
        );
        Finding::error("replication-abroad", what, mend).at(&member.site).source(SOURCE)
    };
    seen.copies.iter().filter(is_abroad).map(finding).collect()
}

fn versioning(member: &Member) -> Vec<Finding> {
    let judged = member.is_versioned.judge("versioning", |is_on| {
        if *is_on {
            return vec![Finding::ok("versioning", "the bucket keeps versions, as replication needs")];
        }
        let mend = format!(
            "aws s3api put-bucket-versioning --bucket {} --versioning-configuration Status=Enabled",
            member.bucket
        );
        let what = "the bucket keeps no versions, and without them nothing is copied from it or to it";
        vec![Finding::error("versioning-off", what, mend).source(SOURCE)]
    });
    judged.into_iter().map(|finding| finding.at(&member.site)).collect()
}

fn rule(from: &Member, to: &Member, seen: &Replication) -> Vec<Finding> {
    let mend = |what: &str| {
        format!("{what}: aws s3api put-bucket-replication --bucket {} --replication-configuration …", from.bucket)
    };
    let Some(copy) = seen.copies.iter().find(|copy| copy.to == to.bucket) else {
        let what = format!("nothing is copied to {} ({})", to.site, to.bucket);
        return vec![
            Finding::error("replication-rule-missing", what, mend("add a rule for that bucket")).source(SOURCE),
        ];
    };
    let Copy { is_enabled, is_for_all, delete_markers, modifications, is_timed, .. } = copy;
    if !is_enabled {
        let what = format!("the rule that copies to {} is switched off", to.site);
        return vec![Finding::error("replication-rule-disabled", what, mend("switch the rule on")).source(SOURCE)];
    }
    let mut found = Vec::new();
    let mut warn = |is_off: bool, id, what: String, set: &str| {
        found.extend(is_off.then(|| Finding::warning(id, what, mend(set)).source(SOURCE)));
    };
    let to = &to.site;
    warn(!is_for_all, "replication-rule-narrow", format!("not every object is copied to {to}"), "take its filter out");
    warn(
        !delete_markers,
        "replication-delete-markers-off",
        format!("what is deleted stays at {to}"),
        "set DeleteMarkerReplication to Enabled",
    );
    warn(
        !modifications,
        "replication-modifications-off",
        format!("tags and locks that are set here stay away from {to} where {to} has sent the object"),
        "set SourceSelectionCriteria.ReplicaModifications to Enabled",
    );
    if found.is_empty() {
        let time =
            if *is_timed { "within 15 minutes, by Replication Time Control" } else { "without a promise of when" };
        found.push(Finding::ok("replication", format!("its objects are copied to {to} {time}")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    fn copy(to: &str) -> Copy {
        Copy {
            to: to.to_owned(),
            is_enabled: true,
            is_for_all: true,
            delete_markers: true,
            modifications: true,
            is_timed: false,
        }
    }

    fn member(site: &str, copies: Vec<Copy>) -> Member {
        Member {
            site: site.to_owned(),
            bucket: format!("b-{site}"),
            is_versioned: Look::Seen(true),
            replication: Look::Seen(Replication { role: None, copies }),
        }
    }

    /// The ids of what is not as it should be.
    fn wrong(members: &[Member], is_mesh: bool, pinned: &[&[&str]]) -> Vec<&'static str> {
        let pinned: Vec<Vec<_>> = pinned.iter().map(|list| list.iter().map(|&id| id.to_owned()).collect()).collect();
        let found = findings(members, is_mesh, &pinned);
        found.iter().filter(|finding| finding.mend.is_some()).map(|finding| finding.id).collect()
    }

    #[test]
    fn every_site_copies_to_every_other_where_any_does() {
        let [a, b] = [member("a", vec![copy("b-b")]), member("b", vec![copy("b-a")])];
        assert!(wrong(&[a.clone(), b.clone()], false, &[]).is_empty());
        let c = member("c", Vec::new());
        assert_eq!(wrong(&[a, b, c], false, &[]), ["replication-rule-missing"; 4]);
        let apart = [member("a", Vec::new()), member("b", Vec::new())];
        assert!(wrong(&apart, false, &[]).is_empty());
        assert_eq!(wrong(&apart, true, &[]), ["replication-rule-missing"; 2]);
    }

    #[test]
    fn objects_are_not_copied_out_of_their_sites_and_need_not_be() {
        let [a, b] = [member("a", vec![copy("b-b")]), member("b", vec![copy("b-a")])];
        let c = member("c", vec![copy("b-a"), copy("b-b")]);
        assert!(wrong(&[a.clone(), b.clone(), c.clone()], true, &[&["a", "b"]]).is_empty());
        let a = member("a", vec![copy("b-b"), copy("b-c")]);
        assert_eq!(wrong(&[a, b, c], true, &[&["a", "b"]]), ["replication-abroad"]);
        let elsewhere = member("a", vec![copy("of-nobody")]);
        assert_eq!(wrong(&[elsewhere], false, &[&["a"]]), ["replication-abroad"]);
    }

    #[test]
    fn what_may_not_be_seen_is_no_error() {
        let hidden =
            Member { replication: Look::Refused { right: "s3:GetReplicationConfiguration" }, ..member("a", vec![]) };
        assert!(wrong(&[hidden, member("b", vec![copy("b-a")])], true, &[]).is_empty());
    }

    #[test]
    fn sites_copy_nothing_only_where_all_of_them_say_so() {
        let apart =
            |replication| findings(&[member("a", vec![]), Member { replication, ..member("b", vec![]) }], false, &[]);
        let seen =
            |found: &[Finding]| found.iter().map(|found| (found.severity, found.site.clone())).collect::<Vec<_>>();
        assert_eq!(seen(&apart(Look::Seen(Replication::default()))), [(Severity::Ok, None)]);
        assert_eq!(seen(&apart(Look::Unsupported)), [(Severity::Ok, None)]);
        let at_b = [(Severity::Unknown, Some("b".to_owned()))];
        assert_eq!(seen(&apart(Look::Refused { right: "s3:GetReplicationConfiguration" })), at_b);
        assert_eq!(seen(&apart(Look::Failed("the storage does not answer".to_owned()))), at_b);
    }
}
