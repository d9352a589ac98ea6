//! What residencies leave of rules.

use super::*;

#[test]
fn the_first_residency_for_a_caller_cuts_every_rule() {
    let policy = policy(
        "
        [[rules]]
        access = 'guest'
        callers = 'everyone'
        key = 'one/{uuid}/{name}'
        [[rules]]
        access = 'private'
        sites = ['b']
        key = 'two/{uuid}/{name}'
        [[residency]]
        tenants = ['acme']
        sites = ['a']
        [[residency]]
        callers = 'known'
        claims = { country = ['DE', 'AT'], '/address/zone' = ['eu'] }
        sites = ['a', 'b']
        [[residency]]
        callers = 'anonymous'
        sites = ['b']
        [[residency]]
        groups = ['nobody']
        sites = ['a']
        ",
    );
    let german = |zone: &str| {
        let claim = |name: &str, value: &str| (name.to_owned(), vec!["x".to_owned(), value.to_owned()]);
        Caller::Known(Identity {
            claims: [claim("country", "DE"), claim("/address/zone", zone)].into(),
            ..identity("me")
        })
    };
    let levels = |caller: &Caller| {
        let levels = policy.levels(caller).expect("some");
        levels.iter().map(|level| format!("{} at {}", level.rule.access, level.sites.join(" "))).collect::<Vec<_>>()
    };
    assert_eq!(levels(&member(&["nobody"], Some("acme"))), ["guest at a"], "nothing is left of the second");
    assert_eq!(levels(&german("eu")), ["guest at a b", "private at b"]);
    assert_eq!(levels(&member(&["nobody"], None)), ["guest at a"]);
    assert_eq!(levels(&german("us")), ["guest at a b", "private at b"], "pinned by no table");
    assert_eq!(levels(&Caller::Anonymous), ["guest at b"]);

    let acme = member(&[], Some("acme"));
    let ask = |access: &str, site| {
        let file = OpenFile { access: Some(access.to_owned()), ..file() };
        decide(&acme, &Request { site, files: 1, file: &file }, &policy).map(|grant| grant.site().to_owned())
    };
    assert_eq!(ask("guest", None), Ok("a".to_owned()), "the home site is not one of them");
    assert_eq!(ask("guest", Some("b")), Err(Denied::Site { given: "b".to_owned() }));
    assert_eq!(ask("private", None), Err(Denied::Nowhere));
    assert_eq!(ask("other", None), Err(Denied::Access { given: "other".to_owned() }));
    assert!(policy.may_be_kept(&acme, "a") && !policy.may_be_kept(&acme, "b") && policy.may_be_kept(&me(), "b"));
}

#[test]
fn a_caller_for_whom_nothing_is_left_is_told_so() {
    let policy = policy(
        "[[rules]]\naccess = 'x'\nsites = ['a']\nkey = '{uuid}/{name}'\n[[residency]]\ngroups = ['g']\nsites = ['b']",
    );
    assert_eq!(policy.levels(&member(&["g"], None)).err(), Some(Denied::Nowhere));
    assert_eq!(policy.levels(&Caller::Anonymous).err(), Some(Denied::Nothing));
}
