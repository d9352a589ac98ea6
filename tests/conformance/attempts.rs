//! Requests that were changed after they were signed, what the server answered, and the table of it.

use std::fmt::Write as _;

use nearput_tests::client::Request;

use crate::garage::{BUCKET, Garage};

/// A request that must not be obeyed.
pub(crate) struct Attempt {
    /// What was changed. Neighbours of the same name are one line of the table.
    pub(crate) what: String,
    pub(crate) request: Request,
}

/// Something that the server takes all the same, and why that is no fault of the signature.
pub(crate) struct Exception {
    pub(crate) what: &'static str,
    pub(crate) reason: &'static str,
}

/// Where something would be stored if a request were obeyed.
pub(crate) enum Watched<'a> {
    Objects,
    Parts { key: &'a str, upload_id: &'a str },
}

impl Attempt {
    pub(crate) fn new(what: impl Into<String>, good: &Request, change: impl FnOnce(&mut Request)) -> Self {
        let mut request = good.clone();
        change(&mut request);
        Self { what: what.into(), request }
    }
}

/// Makes the attempts and prints the table. Each must be refused, with nothing stored, but for the exceptions, each of which must
/// still be one.
pub(crate) async fn refuse_all(
    garage: &Garage,
    title: &str,
    attempts: Vec<Attempt>,
    watched: &Watched<'_>,
    exceptions: &[Exception],
) {
    let mut lines: Vec<(String, Vec<(String, usize)>)> = Vec::new();
    let (mut accepted, mut faults) = (Vec::new(), Vec::new());
    let before = watched.stored(garage).await;
    for Attempt { what, request } in attempts {
        let reply = request.send().await;
        let answer = reply.to_string();
        if reply.status.is_success() {
            accepted.push(what.clone());
            garage.clear().await;
        } else if !reply.status.is_client_error() {
            faults.push(format!("{what}: {answer}"));
        }
        if watched.stored(garage).await != before {
            faults.push(format!("{what}: something was stored"));
        }
        match lines.last_mut().filter(|(line, _)| *line == what) {
            None => lines.push((what, vec![(answer, 1)])),
            Some((_, answers)) => match answers.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, count)) => *count += 1,
                None => answers.push((answer, 1)),
            },
        }
    }
    print(title, &lines, exceptions);
    assert!(faults.is_empty(), "{faults:#?}");
    let expected: Vec<_> = exceptions.iter().map(|exception| exception.what).collect();
    assert_eq!(accepted, expected, "accepted, and what is known to be");
}

fn print(title: &str, lines: &[(String, Vec<(String, usize)>)], exceptions: &[Exception]) {
    let mut table = format!("\n{title}\n");
    for (what, answers) in lines {
        let answers = answers.iter().map(|(answer, count)| match count {
            1 => answer.clone(),
            _ => format!("{count} x {answer}"),
        });
        let answers = answers.collect::<Vec<_>>().join(", ");
        let reason =
            exceptions.iter().find(|exception| exception.what == what).map_or("", |exception| exception.reason);
        writeln!(table, "  {what:<58} {answers} {reason}").expect("text");
    }
    println!("{table}");
}

impl Watched<'_> {
    /// How much there is.
    async fn stored(&self, garage: &Garage) -> usize {
        match self {
            Self::Objects => garage.objects().await.len(),
            Self::Parts { key, upload_id } => {
                let listed = garage.client.list_parts().bucket(BUCKET).key(*key).upload_id(*upload_id).send();
                listed.await.expect("a list").parts().len() + garage.objects().await.len()
            }
        }
    }
}

/// Each header with another value, and without it.
pub(crate) fn with_each_header_changed(good: &Request) -> Vec<Attempt> {
    let change = |name: &String| {
        let other = Attempt::new(format!("{name}: another"), good, |request| {
            request.headers.entry(name.clone()).and_modify(|value| *value = changed(value));
        });
        let without = Attempt::new(format!("{name}: none"), good, |request| drop(request.headers.remove(name)));
        [other, without]
    };
    good.headers.keys().flat_map(change).collect()
}

/// Headers that nobody signed.
pub(crate) fn with_further_headers(good: &Request, headers: &[(&str, &str)]) -> Vec<Attempt> {
    let add = |&(name, value): &(&str, &str)| {
        Attempt::new(format!("{name}: added"), good, |request| {
            request.headers.insert(name.to_owned(), value.to_owned());
        })
    };
    headers.iter().map(add).collect()
}

/// Each parameter of the query with another value, and without it; and some more of them.
pub(crate) fn with_each_parameter_changed(good: &Request) -> Vec<Attempt> {
    let (address, query) = good.url.split_once('?').expect("a query");
    let parameters: Vec<_> = query.split('&').collect();
    let mut attempts = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let mut other = parameters.clone();
        let another = format!("{name}={}", changed(value));
        other[index] = &another;
        let other = format!("{address}?{}", other.join("&"));
        attempts.push(Attempt::new(format!("?{name}: another"), good, |request| request.url = other));
        let mut without = parameters.clone();
        without.remove(index);
        let without = format!("{address}?{}", without.join("&"));
        attempts.push(Attempt::new(format!("?{name}: none"), good, |request| request.url = without));
    }
    for further in ["acl", "tagging", "uploads", "versionId=1", "x-id=PutObject", "X-Amz-Expires=604800"] {
        attempts.push(Attempt::new(format!("?{further}: added"), good, |request| {
            request.url = format!("{}&{further}", request.url);
        }));
    }
    attempts
}

/// Whatever else the request is: method, key, bucket, host name.
pub(crate) fn with_another_target(good: &Request) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for method in ["GET", "HEAD", "POST", "DELETE"] {
        attempts.push(Attempt::new(format!("method: {method}"), good, |request| request.method = method.to_owned()));
    }
    for (what, from, to) in [
        ("key: another folder", "/private/", "/public/"),
        ("key: another name", "photo_of", "photo-of"),
        ("key: a dot segment", "/photo", "/./photo"),
        ("key: longer", ".jpg?", ".jpgx?"),
        ("bucket: another", "/uploads/", "/upload/"),
        ("host: another name of the same server", "//127.0.0.1:", "//localhost:"),
    ] {
        assert!(good.url.contains(from), "{from}");
        attempts.push(Attempt::new(what, good, |request| request.url = request.url.replacen(from, to, 1)));
    }
    attempts
}

/// One bit of the signature, at each of its places.
pub(crate) fn with_each_bit_of_the_signature(good: &Request) -> Vec<Attempt> {
    let start = good.url.find("X-Amz-Signature=").expect("signed") + "X-Amz-Signature=".len();
    let change = |at: usize| {
        Attempt::new("signature: one bit, at each of 64 places", good, |request| {
            request.url.replace_range(start + at..=start + at, &other_digit(&good.url[start + at..=start + at], at));
        })
    };
    (0..64).map(change).collect()
}

/// Another body: longer, shorter, or with one bit changed.
pub(crate) fn with_another_body(good: &Request) -> Vec<Attempt> {
    let bits = [0, 1, good.body.len() / 2, good.body.len() - 1]
        .map(|at| Attempt::new("body: one bit, at 4 places", good, |request| request.body[at] ^= 1 << (at % 8)));
    bits.into_iter().chain(with_another_length(good)).collect()
}

/// A body that is longer or shorter.
pub(crate) fn with_another_length(good: &Request) -> Vec<Attempt> {
    let lengths = [("one byte more", good.body.len() + 1), ("one byte less", good.body.len() - 1), ("none", 0)];
    let resize = |(what, length)| {
        Attempt::new(format!("body (content-length): {what}"), good, |request| request.body.resize(length, 0))
    };
    lengths.map(resize).into()
}

/// A hexadecimal digit that differs in one bit.
pub(crate) fn other_digit(digit: &str, at: usize) -> String {
    let value = u8::from_str_radix(digit, 16).expect("hexadecimal");
    format!("{:x}", value ^ (1 << (at % 4)))
}

/// A value that looks alike.
pub(crate) fn changed(value: &str) -> String {
    match value.rfind(|c: char| c.is_ascii_digit()) {
        Some(at) => {
            let next = (value.as_bytes()[at] - b'0' + 1) % 10;
            format!("{}{next}{}", &value[..at], &value[at + 1..])
        }
        None => format!("x{value}"),
    }
}
