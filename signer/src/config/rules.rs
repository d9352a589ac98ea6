//! `[[rules]]`: who may upload what, where to, and what is stored with it.

mod check;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

pub(super) use check::check;

use crate::file_name::Disposition;
use crate::key_template::KeyTemplate;
use crate::media_type::TypePattern;
use crate::tags::TagTemplates;

/// One rule, as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// The access level for which a client asks.
    pub(crate) access: String,
    #[serde(default)]
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
    /// The ids of the sites; without it, all.
    pub(crate) sites: Option<Vec<String>>,
    pub(crate) key: KeyTemplate,
    /// In bytes. This and the next two are those of `[limits]` where they are left out.
    pub(crate) max_file_size: Option<u64>,
    pub(crate) max_files_per_call: Option<u32>,
    pub(crate) types: Option<Vec<TypePattern>>,
    /// Whether an object that has the key already is replaced.
    pub(crate) overwrite: Option<bool>,
    /// The names that clients may give; without it, any.
    pub(crate) metadata: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) tags: TagTemplates,
    #[serde(default)]
    pub(crate) disposition: Disposition,
    pub(crate) cache_control: Option<String>,
    pub(crate) storage_class: Option<String>,
    pub(crate) encryption: Option<EncryptionKind>,
    pub(crate) kms_key_id: Option<String>,
}

/// Which callers a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Callers {
    #[default]
    Known,
    Anonymous,
    Everyone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EncryptionKind {
    SseS3,
    SseKms,
}

/// The levels of Amplify Storage, where there are no rules. The first one is the default of known callers.
const BUILT_IN: &str = "
    [[rules]]
    access = 'private'
    key = 'private/{sub}/{uuid}/{name}'
    [[rules]]
    access = 'protected'
    key = 'protected/{sub}/{uuid}/{name}'
    [[rules]]
    access = 'guest'
    callers = 'everyone'
    key = 'public/{uuid}/{name}'
";

/// The rules that hold where none is written.
pub(super) fn built_in() -> Vec<Rule> {
    #[derive(Deserialize)]
    struct Table {
        rules: Vec<Rule>,
    }
    static TABLE: LazyLock<Table> = LazyLock::new(|| toml::from_str(BUILT_IN).expect("the rules above are rules"));
    TABLE.rules.clone()
}
