//! `[[residency]]`: where the data of certain callers may be kept, whatever a rule offers them.

use std::collections::BTreeMap;

use nearput_api::Routing;
use serde::Deserialize;

use super::{Callers, Config, ConfigError, Origin, Rule, Topology};
use crate::auth::Subject;

/// One table: which callers, and which sites. The first one that is for a caller counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Residency {
    #[serde(default = "everyone")]
    pub(crate) callers: Callers,
    /// The caller must be in one of these.
    pub(crate) groups: Option<Vec<String>>,
    /// The caller must act for one of these.
    pub(crate) tenants: Option<Vec<String>>,
    /// The caller must be one of these.
    pub(crate) subjects: Option<Vec<String>>,
    /// By the name or the JSON pointer of a claim of the token: it must have one of these.
    #[serde(default)]
    pub(crate) claims: BTreeMap<String, Vec<String>>,
    /// The ids of the sites.
    pub(crate) sites: Vec<String>,
    /// The signers of which these callers are told; without it, all.
    pub(crate) signers: Option<Vec<Origin>>,
}

fn everyone() -> Callers {
    Callers::Everyone
}

pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    for (index, table) in config.residency.iter().enumerate() {
        let wrong = |(key, problem): (&str, String)| ConfigError::key(format!("residency[{index}].{key}"), problem);
        check_table(table, config).map_err(wrong)?;
        let before = config.residency[..index].iter().position(Residency::is_for_all);
        if let Some(other) = before {
            let problem = format!("residency[{other}] is for all callers already; put this table before that one");
            return Err(wrong(("callers", problem)));
        }
    }
    Ok(())
}

fn check_table(table: &Residency, config: &Config) -> Result<(), (&'static str, String)> {
    let wrong = |key, problem: &str| Err((key, problem.to_owned()));
    if table.sites.is_empty() {
        return wrong("sites", "nothing could be kept anywhere; name the sites where it may be");
    }
    if let Some(unknown) = table.sites.iter().find(|id| !config.sites.iter().any(|site| site.id == **id)) {
        return Err(("sites", format!("there is no site `{unknown}`; name the id of one under [[sites]]")));
    }
    if let Some(unknown) = table.signers.iter().flatten().find(|signer| !config.signers.contains(signer)) {
        return Err(("signers", format!("`{unknown}` is none of `signers`; name some of those")));
    }
    if table.callers == Callers::Anonymous && !config.allow_anonymous {
        return wrong("callers", "anonymous callers are not answered; write allow_anonymous = true");
    }
    let lists = [("groups", &table.groups), ("tenants", &table.tenants), ("subjects", &table.subjects)];
    for (key, list) in lists {
        if list.is_some() && table.callers == Callers::Anonymous {
            return wrong(key, "an anonymous caller has none; leave it out, or write callers = \"known\"");
        }
        if list.as_ref().is_some_and(Vec::is_empty) {
            return wrong(key, "nobody is in an empty list; leave it out for all");
        }
    }
    for (key, list) in [("tenants", &table.tenants), ("subjects", &table.subjects)] {
        if list.iter().flatten().any(|name| Subject::parse(name).is_none()) {
            return wrong(key, "no caller has such a name: write up to 128 ASCII letters, digits and `-_.@:|+`");
        }
    }
    super::claims::check(&table.claims, table.callers)
}

impl Residency {
    fn is_for_all(&self) -> bool {
        self.callers == Callers::Everyone && self.has_no_list()
    }

    fn has_no_list(&self) -> bool {
        let lists = [&self.groups, &self.tenants, &self.subjects];
        self.claims.is_empty() && lists.into_iter().all(Option::is_none)
    }
}

/// What a residency probably does not mean.
pub(super) fn doubts(config: &Config) -> Vec<String> {
    let mut doubts = Vec::new();
    for (index, table) in config.residency.iter().enumerate() {
        let mut doubt = |key: &str, problem: &str| doubts.push(format!("{key}: {problem}"));
        let own = format!("residency[{index}]");
        let without = |rule: &Rule| {
            let sites = rule.sites.as_ref();
            meet(table.callers, rule.callers) && sites.is_some_and(|ids| !ids.iter().any(|id| table.sites.contains(id)))
        };
        for number in config.rules.iter().enumerate().filter(|(_, rule)| without(rule)).map(|(number, _)| number) {
            let problem = format!("callers of {own} may keep nothing at any of them, so they do not have this level");
            doubt(&format!("rules[{number}].sites"), &problem);
        }
        let has_none = config.issuers.iter().find(|issuer| issuer.tenant_claim.is_none());
        if let Some(issuer) = has_none.filter(|_| table.tenants.is_some()) {
            let problem =
                format!("the issuer `{}` has no tenant_claim, so nobody with its tokens is pinned", issuer.issuer);
            doubt(&format!("{own}.tenants"), &problem);
        }
        let pins = config.sites.iter().any(|site| !table.sites.contains(&site.id));
        let copies = matches!(config.topology, Some(Topology::MultiRegion | Topology::Mrap));
        if pins && copies {
            let problem = "buckets of this topology copy what they have to each other, and the signer does not see it; keep \
                           the others out of these sites' replication (`replicate_to` in the Terraform module), and ask \
                           `signer check` whether they are";
            doubt(&format!("{own}.sites"), problem);
        }
        if pins
            && config.downloads.as_ref().is_some_and(|downloads| table.sites.iter().any(|site| downloads.serves(site)))
        {
            let problem = "CloudFront keeps copies near whoever reads, wherever that is; leave these sites out of it";
            doubt(&format!("{own}.sites"), problem);
        }
        if config.routing == Routing::Fixed && !table.sites.iter().any(|site| site == config.home()) {
            let problem = "with routing = \"fixed\" the home site is the only one, and these callers may not use it";
            doubt(&format!("{own}.sites"), problem);
        }
    }
    if !config.residency.is_empty() && !is_for_all(config) {
        let problem = "a caller whom no table names, as by a claim that its token lacks, is pinned to nothing; end with one of \
                       `sites` only";
        doubts.push(format!("residency: {problem}"));
    }
    doubts
}

/// Whether there is a table for each caller, whatever its token says.
fn is_for_all(config: &Config) -> bool {
    let is_for = |callers| config.residency.iter().any(|table| table.has_no_list() && covers(table.callers, callers));
    is_for(Callers::Known) && (is_for(Callers::Anonymous) || !config.allow_anonymous)
}

fn covers(all: Callers, one: Callers) -> bool {
    all == Callers::Everyone || all == one
}

/// Whether somebody may be in both.
fn meet(one: Callers, other: Callers) -> bool {
    match (one, other) {
        (Callers::Known, Callers::Anonymous) | (Callers::Anonymous, Callers::Known) => false,
        (Callers::Everyone, _) | (_, Callers::Everyone) => true,
        (Callers::Known, Callers::Known) | (Callers::Anonymous, Callers::Anonymous) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(keys: &str) -> String {
        let site =
            |id: &str, region: &str| format!("[[sites]]\nid = '{id}'\nregion = '{region}'\nbucket = 'ccc'\n{keys}");
        site("a", "eu-west-1") + &site("b", "us-east-1")
    }

    fn doubted(head: &str, rest: &str) -> Vec<String> {
        let config = Config::parse(&format!("{head}\n{}{rest}", sites(""))).expect("valid");
        doubts(&config).iter().map(|doubt| doubt.split(':').next().expect("a key").to_owned()).collect()
    }

    const PINNED: &str = "[[residency]]\ntenants = ['t']\nsites = ['a']\n[[residency]]\nsites = ['a', 'b']\n";
    const ISSUER: &str = "[[issuers]]\nissuer = 'https://id.example'\naudience = ['a']\n";

    #[test]
    fn a_residency_that_is_undone_elsewhere_is_doubted() {
        let rule = |sites: &str| format!("[[rules]]\naccess = 'x'\nkey = '{{uuid}}/{{name}}'\nsites = [{sites}]\n");
        assert!(doubted("", PINNED).is_empty());
        assert!(doubted("", &format!("{PINNED}{}", rule("'a', 'b'"))).is_empty());
        assert_eq!(doubted("", &format!("{PINNED}{}", rule("'b'"))), ["rules[0].sites"]);
        let guests = rule("'b'").replace("'x'", "'guest'\ncallers = 'anonymous'");
        let known = PINNED.replace("tenants = ['t']", "callers = 'known'");
        assert!(doubted("allow_anonymous = true", &format!("{known}{guests}")).is_empty());
        assert_eq!(doubted("topology = 'multi-region'", PINNED), ["residency[0].sites"]);
        assert!(doubted("topology = 'multi-region'", &PINNED.replace("'a'", "'a', 'b'")).is_empty());
        assert_eq!(doubted("routing = 'fixed'\nhome = 'b'", PINNED), ["residency[0].sites"]);
        let downloads = |site: &str| format!("{PINNED}[downloads]\ndomain = 'd.example'\nsites = ['{site}']\n");
        assert_eq!(doubted("", &downloads("a")), ["residency[0].sites"]);
        assert!(doubted("", &downloads("b")).is_empty());
    }

    #[test]
    fn a_residency_from_which_callers_may_slip_is_doubted() {
        let issuer = |name: &str, tenants: &str| format!("{}{tenants}", ISSUER.replace("id.", name));
        let (with, without) = (issuer("one.", "name = 'one'\ntenant_claim = 't'\n"), issuer("two.", "name = 'two'\n"));
        assert_eq!(doubted("", &format!("{ISSUER}{PINNED}")), ["residency[0].tenants"]);
        assert_eq!(doubted("", &format!("{with}{without}{PINNED}")), ["residency[0].tenants"]);
        assert!(doubted("", &format!("{with}{PINNED}")).is_empty());
        let claims = "[[residency]]\nclaims = { country = ['DE'] }\nsites = ['a']\n";
        assert!(doubted("", &format!("{without}{claims}[[residency]]\nsites = ['b']\n")).is_empty());

        let known = "[[residency]]\ncallers = 'known'\nsites = ['b']\n";
        let anonymous = known.replace("known", "anonymous");
        assert_eq!(doubted("", claims), ["residency"]);
        assert!(doubted("", &format!("{claims}{known}")).is_empty());
        assert_eq!(doubted("allow_anonymous = true", &format!("{claims}{known}")), ["residency"]);
        assert_eq!(doubted("allow_anonymous = true", &format!("{claims}{anonymous}")), ["residency"]);
        assert!(doubted("allow_anonymous = true", &format!("{claims}{known}{anonymous}")).is_empty());
    }
}
