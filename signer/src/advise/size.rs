//! How large files are, and how they are cut.

use std::fmt;

/// Files up to this size go as one request: see `plan` in `wasm-client/core`.
const SINGLE_REQUEST_BYTES: f64 = (8 << 20) as f64;

/// The smallest part, and so the most requests.
const PART_BYTES: f64 = (8 << 20) as f64;

/// Files up to this size need no CORS preflight.
const FORM_BYTES: f64 = (1 << 20) as f64;

const MAX_PARTS: f64 = 10_000.0;

/// How many parts one call of the signer signs, about.
const PARTS_A_CALL: f64 = 16.0;

const UNITS: [(&str, u64); 7] = [
    ("KB", 1000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("B", 1),
];

/// The size of a file.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Size {
    pub(super) bytes: f64,
}

impl Size {
    /// A number and its unit, as in `200MB` or `8MiB`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
        let (_, factor) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        let bytes = number.trim().parse::<f64>().ok()? * factor as f64;
        // S3 takes 10,000 parts of 5 GiB: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
        (1.0..=MAX_PARTS * (5_u64 << 30) as f64).contains(&bytes).then_some(Self { bytes })
    }

    pub(super) fn parts(self) -> f64 {
        if self.bytes <= SINGLE_REQUEST_BYTES {
            1.0
        } else {
            (self.bytes / PART_BYTES.max(self.bytes / MAX_PARTS)).ceil()
        }
    }

    /// What is asked of the storage, besides one HEAD: its parts, and opening and completing where there are several.
    pub(super) fn writes(self) -> f64 {
        if self.parts() > 1.0 { self.parts() + 2.0 } else { 1.0 }
    }

    /// What is asked of the signer: opening, completing, and signing further parts.
    pub(super) fn calls(self) -> f64 {
        2.0 + (self.parts() / PARTS_A_CALL).floor()
    }

    pub(super) fn has_preflight(self) -> bool {
        self.bytes > FORM_BYTES
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.into_iter().filter(|(_, factor)| self.bytes >= *factor as f64);
        let whole = unit.filter(|(_, factor)| self.bytes % *factor as f64 == 0.0).max_by_key(|(_, factor)| *factor);
        match whole {
            Some((name, factor)) => write!(f, "{} {name}", self.bytes / factor as f64),
            None => write!(f, "{:.1} MB", self.bytes / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(text: &str) -> Size {
        Size::parse(text).expect("a size")
    }

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        for (text, written) in
            [("200MB", "200 MB"), ("8MiB", "8 MiB"), ("1 GB", "1 GB"), ("1.5GiB", "1536 MiB"), ("1024B", "1 KiB")]
        {
            assert_eq!(size(text).to_string(), written);
        }
        for wrong in ["", "200", "MB", "200 mb", "-1MB", "0B", "NaNMB", "infGB", "60000GB"] {
            assert_eq!(Size::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn files_are_cut_as_the_browser_cuts_them() {
        for (text, parts, writes) in [
            ("1MiB", 1.0, 1.0),
            ("8MiB", 1.0, 1.0),
            ("16MiB", 2.0, 4.0),
            ("50GB", 5961.0, 5963.0),
            ("1000GB", 10_000.0, 10_002.0),
        ] {
            assert_eq!((size(text).parts(), size(text).writes()), (parts, writes), "{text}");
        }
        assert!(!size("1MiB").has_preflight() && size("2MiB").has_preflight());
        assert_eq!((size("1MiB").calls(), size("1GiB").calls()), (2.0, 10.0));
    }
}
