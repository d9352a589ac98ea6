//! What is granted and what is denied, and that whatever is granted stays where it belongs.

mod residency;

use std::time::{Duration, UNIX_EPOCH};

use nearput_api::Plan;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::attributes::Encryption;
use crate::auth::{Identity, Subject};
use crate::config::Config;
use crate::key::ObjectKey;
use crate::ticket::Existing;

const SITES: &str = "
    listen = '127.0.0.1:0'
    home = 'b'
    allow_anonymous = true
    [limits]
    max_file_size = 100
    max_files_per_call = 5
    types = ['*/*']
    [[sites]]
    id = 'a'
    region = 'r'
    bucket = 'aaa'
    [[sites]]
    id = 'b'
    region = 'r'
    bucket = 'bbb'
";

fn policy(rules: &str) -> Policy {
    Policy::new(&Config::parse(&format!("{SITES}{rules}")).expect("a configuration"))
}

fn subject(name: &str) -> Subject {
    Subject::parse(name).expect("safe")
}

fn me() -> Caller {
    Caller::known(subject("me"))
}

fn member(groups: &[&str], tenant: Option<&str>) -> Caller {
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    Caller::Known(Identity { groups, tenant: tenant.map(subject), ..identity("me") })
}

fn identity(name: &str) -> Identity {
    Identity { subject: subject(name), groups: Vec::new(), tenant: None, claims: Default::default() }
}

fn file() -> OpenFile {
    OpenFile {
        name: "a b.txt".to_owned(),
        size: 1,
        content_type: String::new(),
        access: None,
        metadata: Default::default(),
        plan: Plan::Put,
        parts: Vec::new(),
    }
}

fn fresh() -> Fresh {
    Fresh::new(Uuid::nil(), UNIX_EPOCH + Duration::from_hours(24 * 365))
}

/// The key that the file would have, or why not.
fn key(caller: &Caller, file: &OpenFile, site: Option<&str>, policy: &Policy) -> Result<ObjectKey, Denied> {
    decide(caller, &Request { site, files: 1, file }, policy)?.key(&fresh())
}

const ID: &str = "00000000-0000-0000-0000-000000000000";

#[test]
fn without_rules_the_levels_are_those_of_amplify() {
    let policy = policy("");
    for (caller, access, expected) in [
        (me(), None, Some("private/me/ID/a_b.txt")),
        (me(), Some("private"), Some("private/me/ID/a_b.txt")),
        (me(), Some("protected"), Some("protected/me/ID/a_b.txt")),
        (me(), Some("guest"), Some("public/ID/a_b.txt")),
        (Caller::Anonymous, None, Some("public/ID/a_b.txt")),
        (Caller::Anonymous, Some("guest"), Some("public/ID/a_b.txt")),
        (Caller::Anonymous, Some("protected"), None),
        (Caller::Anonymous, Some("private"), None),
        (me(), Some("../public"), None),
        (me(), Some(""), None),
    ] {
        let file = OpenFile { access: access.map(str::to_owned), ..file() };
        let key = key(&caller, &file, None, &policy).map(String::from);
        let expected = expected.map(|key| key.replace("ID", ID));
        let denied = Denied::Access { given: access.unwrap_or_default().to_owned() };
        assert_eq!(key, expected.ok_or(denied), "{caller:?} asks for {access:?}");
    }
}

#[test]
fn the_first_rule_for_the_caller_and_the_level_decides() {
    let policy = policy(
        "
        [[rules]]
        access = 'private'
        groups = ['editors', 'admins']
        tenants = ['acme']
        key = 'one/{uuid}/{name}'
        [[rules]]
        access = 'private'
        subjects = ['me', 'you']
        key = 'two/{uuid}/{name}'
        types = ['image/*']
        [[rules]]
        access = 'private'
        key = 'three/{uuid}/{name}'
        [[rules]]
        access = 'team'
        groups = ['editors']
        key = 'four/{uuid}/{name}'
        [[rules]]
        access = 'guest'
        callers = 'anonymous'
        key = 'five/{uuid}/{name}'
        ",
    );
    let other = Caller::known(subject("other"));
    for (caller, access, content_type, expected) in [
        (member(&["readers", "admins"], Some("acme")), None, "text/plain", Ok("one")),
        // Every list that a rule has must name the caller, and a refusal of the first rule is final.
        (member(&["editors"], Some("other")), None, "image/png", Ok("two")),
        (member(&["editors"], None), None, "text/plain", Err(Denied::Type { given: "text/plain".to_owned() })),
        (other.clone(), None, "text/plain", Ok("three")),
        (member(&["editors"], None), Some("team"), "text/plain", Ok("four")),
        (other.clone(), Some("team"), "", Err(Denied::Access { given: "team".to_owned() })),
        (other, Some("guest"), "", Err(Denied::Access { given: "guest".to_owned() })),
        (Caller::Anonymous, None, "text/plain", Ok("five")),
        (Caller::Anonymous, Some("private"), "", Err(Denied::Access { given: "private".to_owned() })),
    ] {
        let access = access.map(str::to_owned);
        let file = OpenFile { access: access.clone(), content_type: content_type.to_owned(), ..file() };
        let folder = key(&caller, &file, None, &policy).map(|key| key.as_str().split('/').next().map(str::to_owned));
        assert_eq!(folder, expected.map(|folder| Some(folder.to_owned())), "{caller:?} asks for {access:?}");
    }
}

#[test]
fn each_reason_to_deny_is_given() {
    let policy = policy(
        "
        [[rules]]
        access = 'private'
        subjects = ['me']
        sites = ['a']
        key = '{tenant}/{uuid}/{name}'
        max_file_size = 10
        max_files_per_call = 2
        types = ['text/plain']
        metadata = ['album']
        ",
    );
    let good = OpenFile { content_type: "text/plain".to_owned(), ..file() };
    let acme = member(&[], Some("acme"));
    let decide = |caller: &Caller, site, files, file: &OpenFile| {
        decide(caller, &Request { site, files, file }, &policy).map(|_| ()).expect_err("denied")
    };
    let given = |text: &str| text.to_owned();
    assert_eq!(decide(&Caller::Anonymous, None, 1, &good), Denied::Nothing);
    assert_eq!(decide(&me(), None, 1, &good), Denied::NoTenant);
    assert_eq!(decide(&acme, Some("b"), 1, &good), Denied::Site { given: given("b") });
    assert_eq!(decide(&acme, Some("a"), 3, &good), Denied::TooManyFiles { given: 3, max: 2 });
    for size in [11, 1 << 63, u64::MAX] {
        let large = OpenFile { size, ..good.clone() };
        assert_eq!(decide(&acme, None, 1, &large), Denied::TooLarge { size, max: 10 });
    }
    assert_eq!(decide(&acme, None, 1, &file()), Denied::Type { given: given("") });
    let access = OpenFile { access: Some(given("guest")), ..good.clone() };
    assert_eq!(decide(&acme, None, 1, &access), Denied::Access { given: given("guest") });
    let with = |name: &str, value: &str| OpenFile { metadata: [(given(name), given(value))].into(), ..good.clone() };
    assert_eq!(decide(&acme, None, 1, &with("year", "26")), Denied::MetadataName { name: given("year") });
    assert!(matches!(decide(&acme, None, 1, &with("album", "ü")), Denied::Metadata(_)));
    assert!(matches!(decide(&acme, None, 1, &OpenFile { name: "x".repeat(2049), ..good.clone() }), Denied::Name(_)));

    let request = Request { site: None, files: 2, file: &OpenFile { size: 10, ..with("Album", "26") } };
    let granted = super::decide(&acme, &request, &policy).expect("granted");
    assert_eq!((granted.site(), granted.size(), granted.rule().number), ("a", 10, 0));
}

#[test]
fn a_grant_has_all_that_its_rule_says() {
    let policy = policy(
        "
        [[rules]]
        access = 'private'
        key = '{tenant}/{date}/{name}'
        overwrite = false
        tags = { who = '{sub}', id = '{uuid}' }
        disposition = 'inline'
        cache_control = 'private'
        storage_class = 'STANDARD_IA'
        encryption = 'sse-kms'
        kms_key_id = 'alias/uploads'
        ",
    );
    let (caller, file) = (member(&[], Some("acme")), file());
    let granted = decide(&caller, &Request { site: None, files: 1, file: &file }, &policy).expect("granted");
    assert_eq!((granted.site(), granted.rule().existing), ("b", Existing::Kept), "the home site, as none is asked for");
    assert_eq!(granted.key(&fresh()).expect("safe").as_str(), "acme/1971-01-01/a_b.txt");
    let attributes = granted.attributes(&fresh()).expect("a tenant");
    assert_eq!(attributes.disposition, "inline; filename*=UTF-8''a%20b.txt");
    assert_eq!(attributes.cache_control.as_deref(), Some("private"));
    assert_eq!(attributes.storage_class.as_deref(), Some("STANDARD_IA"));
    assert_eq!(attributes.encryption, Some(Encryption::SseKms("alias/uploads".to_owned())));
    assert_eq!(attributes.tags.header(), format!("id={ID}&who=me"));
}

#[test]
fn types_are_allowed_by_name_and_by_wildcard() {
    for (given, types, allowed) in [
        ("", "*/*", true),
        ("", "image/*", false),
        ("", "application/octet-stream", true),
        ("image/png", "image/*", true),
        ("IMAGE/PNG", "image/png", true),
        ("image/png", "video/*", false),
        ("imagex/png", "image/*", false),
        ("text/plain; charset=utf-8", "text/plain", true),
        ("text", "*/*", false),
        ("text/plain\r\nx: y", "*/*", false),
    ] {
        let rule = format!("[[rules]]\naccess = 'a'\nkey = '{{uuid}}/{{name}}'\ntypes = ['{types}']");
        let file = OpenFile { content_type: given.to_owned(), ..file() };
        assert_eq!(key(&me(), &file, None, &policy(&rule)).is_ok(), allowed, "{given} by {types}");
    }
}

#[test]
fn what_runs_in_browsers_must_be_named_exactly() {
    let rule = |types: &str| policy(&format!("[[rules]]\naccess = 'a'\nkey = '{{uuid}}/{{name}}'\ntypes = [{types}]"));
    let wild = rule("'*/*', 'text/*', 'image/*', 'application/*'");
    for given in [
        "text/html",
        "TEXT/HTML; charset=utf-8",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/xml",
        "application/xml",
        "application/atom+xml",
        "text/javascript",
        "application/javascript",
        "application/x-javascript",
        "text/ecmascript",
        "application/unknown",
    ] {
        let file = OpenFile { content_type: given.to_owned(), ..file() };
        assert!(key(&me(), &file, None, &wild).is_err(), "{given}");
        let essence = given.split(';').next().expect("the first").to_lowercase();
        assert!(key(&me(), &file, None, &rule(&format!("'{essence}'"))).is_ok(), "{given} when named");
    }
}

#[test]
fn a_type_is_one_type_for_browsers_too() {
    let policy = policy("[[rules]]\naccess = 'a'\nkey = '{uuid}/{name}'\ntypes = ['image/png']");
    for (given, allowed) in [
        ("image/png", true),
        ("image/png; charset=utf-8", true),
        ("image/png;,text/html", false),
        ("image/png;charset=x,text/html", false),
        ("image/png,text/html", false),
    ] {
        let file = OpenFile { content_type: given.to_owned(), ..file() };
        assert_eq!(key(&me(), &file, None, &policy).is_ok(), allowed, "{given}");
    }
}

#[test]
fn a_caller_has_one_level_of_each_name_and_the_first_is_the_default() {
    let policy = policy(
        "
        [[rules]]
        access = 'private'
        groups = ['editors']
        sites = ['a']
        key = 'one/{uuid}/{name}'
        [[rules]]
        access = 'private'
        key = 'two/{uuid}/{name}'
        [[rules]]
        access = 'guest'
        callers = 'everyone'
        key = 'three/{uuid}/{name}'
        ",
    );
    let levels = |caller: &Caller| {
        policy.levels(caller).expect("some").iter().map(|level| level.rule.number).collect::<Vec<_>>()
    };
    assert_eq!(levels(&member(&["editors"], None)), [0, 2]);
    assert_eq!(levels(&me()), [1, 2]);
    assert_eq!(levels(&Caller::Anonymous), [2]);
    let sites = |sites: &[&str]| sites.iter().map(|&site| site.to_owned()).collect::<Vec<_>>();
    assert_eq!(policy.home(&sites(&["a", "b"])), "b");
    assert_eq!(policy.home(&sites(&["a"])), "a", "the home site is not one of them");
}

fn any_subject() -> impl Strategy<Value = Subject> {
    "[A-Za-z0-9_@:|+-][A-Za-z0-9._@:|+-]{0,127}".prop_map(|name| subject(&name))
}

const TEMPLATES: [(&str, &str); 6] = [
    ("private/{sub}/{uuid}/{name}", "private/SUB/"),
    ("by.tenant/{tenant}/{sub}/{uuid}-{name}", "by.tenant/TENANT/SUB/"),
    ("{sub}/{name}", "SUB/"),
    ("a/{date}/x_{name}", "a/"),
    ("a/{tenant}/{name}.bin", "a/TENANT/"),
    ("a/{sub}/avatar.png", "a/SUB/"),
];

proptest! {
    #[test]
    fn any_name_of_any_caller_makes_a_safe_key_in_the_callers_own_folder(
        name in r"(?s)(.{0,300}|[./\\%\x00-\x20\u{300}\u{308}\u{200d}\u{202e}\u{1161}a]{0,300})",
        (sub, tenant) in (any_subject(), any_subject()),
        template in 0..TEMPLATES.len(),
    ) {
        let (template, folder) = TEMPLATES[template];
        let policy = policy(&format!("[[rules]]\naccess = 'a'\nkey = '{template}'\noverwrite = true"));
        let caller = Caller::Known(Identity { subject: sub.clone(), groups: vec![], tenant: Some(tenant.clone()), claims: Default::default() });
        let key = key(&caller, &OpenFile { name, ..file() }, None, &policy);
        let folder = folder.replace("SUB", sub.as_str()).replace("TENANT", tenant.as_str());
        let Ok(key) = key else { return Err(TestCaseError::fail(format!("{key:?}"))) };
        prop_assert_eq!(ObjectKey::parse(key.as_str()), Ok(key.clone()));
        prop_assert!(key.as_str().starts_with(&folder), "{:?} is not in {}", key, folder);
        prop_assert_eq!(key.as_str().matches('/').count(), template.matches('/').count());
    }

    #[test]
    fn two_callers_never_have_the_same_folder((one, other) in (any_subject(), any_subject())) {
        prop_assume!(one != other);
        let policy = policy("");
        let folder = |subject: &Subject| {
            let key = key(&Caller::known(subject.clone()), &file(), None, &policy).expect("granted");
            let (folder, _) = key.as_str().split_once(ID).expect("an id");
            folder.to_owned()
        };
        let (one, other) = (folder(&one), folder(&other));
        prop_assert!(!one.starts_with(&other) && !other.starts_with(&one), "{} and {}", one, other);
    }
}
