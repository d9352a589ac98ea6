//! Callers, rules and residencies, as they are generated, and a model of what they mean.

use std::collections::BTreeMap;

use nearput_api::{OpenFile, OpenUploads, Plan};
use proptest::prelude::*;

use super::{SITES, SIZE, part};
use crate::auth::{Caller, Identity, Subject};

/// Whom a table is for.
#[derive(Debug, Clone)]
struct Audience {
    group: Option<&'static str>,
    tenant: Option<&'static str>,
    country: Option<&'static str>,
}

impl Audience {
    fn includes(&self, caller: &Caller) -> bool {
        let Caller::Known(identity) = caller else {
            return self.group.is_none() && self.tenant.is_none() && self.country.is_none();
        };
        let countries = identity.claims.get("/address/country");
        self.group.is_none_or(|group| identity.groups.iter().any(|one| one == group))
            && self.tenant.is_none_or(|tenant| identity.tenant.as_ref().is_some_and(|one| one.as_str() == tenant))
            && self.country.is_none_or(|country| countries.is_some_and(|all| all.iter().any(|one| one == country)))
    }

    fn keys(&self) -> String {
        let list = |key: &str, one: Option<&str>| one.map_or_else(String::new, |one| format!("{key} = ['{one}']\n"));
        let claims =
            self.country.map_or_else(String::new, |one| format!("claims = {{ '/address/country' = ['{one}'] }}\n"));
        list("groups", self.group) + &list("tenants", self.tenant) + &claims
    }
}

/// A caller, rules, residencies, and what is asked for.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) caller: Caller,
    rules: Vec<(Audience, Vec<&'static str>)>,
    residencies: Vec<(Audience, Vec<&'static str>)>,
    pub(super) site: Option<&'static str>,
    access: Option<usize>,
    pub(super) multipart: bool,
    by_access_point: bool,
}

fn some_sites() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(SITES.to_vec(), 1..=SITES.len())
}

fn one_of(all: [&'static str; 2], often: f64) -> impl Strategy<Value = Option<&'static str>> {
    proptest::option::weighted(often, proptest::sample::select(all.to_vec()))
}

fn audience() -> impl Strategy<Value = Audience> {
    (one_of(["g", "h"], 0.2), one_of(["t", "u"], 0.2), one_of(["DE", "US"], 0.2))
        .prop_map(|(group, tenant, country)| Audience { group, tenant, country })
}

fn caller() -> impl Strategy<Value = Caller> {
    let known =
        (proptest::sample::subsequence(vec!["g", "h"], 0..=2), one_of(["t", "u"], 0.8), one_of(["DE", "US"], 0.8));
    let subject = |name: &str| Subject::parse(name).expect("safe");
    let known = known.prop_map(move |(groups, tenant, country)| {
        let countries = country.into_iter().map(str::to_owned).collect();
        Caller::Known(Identity {
            subject: subject("me"),
            groups: groups.into_iter().map(str::to_owned).collect(),
            tenant: tenant.map(subject),
            claims: BTreeMap::from([("/address/country".to_owned(), countries)]),
        })
    });
    prop_oneof![4 => known, 1 => Just(Caller::Anonymous)]
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let table = || (audience(), some_sites());
    let asked = (
        proptest::option::of(proptest::sample::select(SITES.to_vec())),
        proptest::option::weighted(0.3, 0..4_usize),
        any::<bool>(),
        any::<bool>(),
    );
    let tables = (proptest::collection::vec(table(), 1..4), proptest::collection::vec(table(), 1..4));
    (caller(), tables, asked).prop_map(|(caller, (rules, residencies), (site, access, multipart, by_access_point))| {
        Case { caller, rules, residencies, site, access, multipart, by_access_point }
    })
}

impl Case {
    pub(super) fn rules(&self) -> String {
        let rule = |(index, (audience, sites)): (usize, &(Audience, Vec<&str>))| {
            let keys = audience.keys();
            format!(
                "[[rules]]\naccess = 'level-{index}'\nkey = 'k/{{sub}}/{{uuid}}/{{name}}'\nsites = {sites:?}\n{keys}"
            )
        };
        let guest = "[[rules]]\naccess = 'guest'\ncallers = 'everyone'\nkey = 'g/{uuid}/{name}'\n";
        self.rules.iter().enumerate().map(rule).collect::<String>() + guest
    }

    pub(super) fn residencies(&self) -> String {
        let table = |(audience, sites): &(Audience, Vec<&str>)| {
            let signers: Vec<_> = sites.iter().map(|id| format!("https://{id}.example")).collect();
            format!("[[residency]]\nsites = {sites:?}\nsigners = {signers:?}\n{}", audience.keys())
        };
        // What comes after a table for all is refused.
        let for_all = self.residencies.iter().position(|(audience, _)| audience.keys().is_empty());
        let last = for_all.map_or(self.residencies.len(), |index| index + 1);
        self.residencies[..last].iter().map(table).collect()
    }

    pub(super) fn is_pinned(&self) -> bool {
        self.residencies.iter().any(|(audience, _)| audience.includes(&self.caller))
    }

    /// Where nothing of the caller's may be.
    pub(super) fn foreign(&self) -> Vec<&'static str> {
        let table = self.residencies.iter().find(|(audience, _)| audience.includes(&self.caller));
        SITES.into_iter().filter(|id| table.is_some_and(|(_, sites)| !sites.contains(id))).collect()
    }

    pub(super) fn files(&self) -> OpenUploads {
        let plan = if self.multipart { Plan::Multipart { part_size: SIZE } } else { Plan::Put };
        let access = self.access.map(|index| if index == 3 { "guest".to_owned() } else { format!("level-{index}") });
        let file = OpenFile {
            name: "a.txt".to_owned(),
            size: SIZE,
            content_type: String::new(),
            access,
            metadata: BTreeMap::new(),
            plan,
            parts: vec![part()],
        };
        OpenUploads { site: self.site.map(str::to_owned), by_access_point: self.by_access_point, files: vec![file] }
    }
}
