//! The cases of AWS's signing test suite that apply to a signature in the address: those whose path needs no normalising, which S3
//! never does, and whose headers are as browsers send them.
//!
//! <https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite>

use super::{Credentials, Presigner, Request};

const TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";

const NO_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const A_BODY: &str = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";

struct Case {
    name: &'static str,
    method: &'static str,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    session_token: Option<&'static str>,
    payload: &'static str,
    signature: &'static str,
}

const GET: Case =
    Case { name: "", method: "GET", target: "/", headers: &[], session_token: None, payload: NO_BODY, signature: "" };
const POST: Case = Case { method: "POST", ..GET };

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { name: "get-relative-relative-unnormalized", target: "/example1/example2/../..",
        signature: "b45db0bfd1cf15003493b733e33aa208dd981bd0e63037a6ed953f71d2118a16", ..GET },
    Case { name: "get-relative-unnormalized", target: "/example/..",
        signature: "cbcb213b928a077e43275df47b500f1dfaa864ab3f5a18f6b95f4ff0938167ee", ..GET },
    Case { name: "get-slash-dot-slash-unnormalized", target: "/./",
        signature: "a9b13e8f3484d9505bf1a6f347219f8f35b0fe8f128ceea597efc146a3dfe90c", ..GET },
    Case { name: "get-slash-pointless-dot-unnormalized", target: "/./example",
        signature: "72b11f16d9530b18204bfb71f2d6ab085894c0ed8d352730a6e76234c58b5e10", ..GET },
    Case { name: "get-slash-unnormalized", target: "//",
        signature: "b2a9542809db687769200f56a844a03f2bd0291d6eb90232d5101c6a579446cd", ..GET },
    Case { name: "get-slashes-unnormalized", target: "//example//",
        signature: "822a5a9ba28072c5ab2bb4a6307d0c88276d40e49fec6b724c03fb4d4ba60fc2", ..GET },
    Case { name: "get-space-normalized", target: "/example%20space/",
        signature: "7a1f416954786484c9824d93c1f26ef64acb9b1b6c9154d08c9f07d0e394abf6", ..GET },
    Case { name: "get-unreserved", target: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        signature: "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005", ..GET },
    Case { name: "get-utf8", target: "/%E1%88%B4",
        signature: "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44", ..GET },
    Case { name: "get-vanilla",
        signature: "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d", ..GET },
    Case { name: "get-vanilla-empty-query-key", target: "/?Param1=value1",
        signature: "49096700cbbaa5753443850f40df10f904fc2fdb544dc9512203cc77c471a9de", ..GET },
    Case { name: "get-vanilla-query-order-encoded", target: "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        signature: "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787", ..GET },
    Case { name: "get-vanilla-query-order-key-case", target: "/?Param2=value2&Param1=value1",
        signature: "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5", ..GET },
    Case { name: "get-vanilla-query-unreserved", target: "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        signature: "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf", ..GET },
    Case { name: "get-vanilla-utf8-query", target: "/?%E1%88%B4=bar",
        signature: "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600", ..GET },
    Case { name: "get-vanilla-with-session-token", session_token: Some(TOKEN),
        signature: "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c", ..GET },
    Case { name: "post-header-key-case",
        signature: "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b", ..POST },
    Case { name: "post-header-key-sort", headers: &[("my-header1", "value1")],
        signature: "c09d07e0d55871f10f2a6d350d994acf6825a3cae70673d7def55616e6119dd7", ..POST },
    Case { name: "post-header-value-case", headers: &[("my-header1", "VALUE1")],
        signature: "0698bc9e4f7f9139065ba2909c0e99da257e8e2a42492a097bcd46d792391fed", ..POST },
    Case { name: "post-vanilla-empty-query-value", target: "/?Param1=value1",
        signature: "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682", ..POST },
    Case { name: "post-x-www-form-urlencoded", headers: &[("content-type", "application/x-www-form-urlencoded"), ("content-length", "13")], payload: A_BODY,
        signature: "89a40deed0f26f9461242825a082d2222717248abc7ab41f552ad84a94ad46e9", ..POST },
    Case { name: "post-x-www-form-urlencoded-parameters", headers: &[("content-type", "application/x-www-form-urlencoded; charset=utf-8"), ("content-length", "13")], payload: A_BODY,
        signature: "0dbeb9b026c7b6675f266b8427efec9b4fa8b1f6ef1477d717aea231106eab4d", ..POST },
];

#[test]
fn every_case_of_aws_test_suite_has_its_signature() {
    for case in CASES {
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE",
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            session_token: case.session_token,
        };
        let presigner = Presigner::of_service("service", case.payload, credentials, "us-east-1", "20150830T123600Z");
        let url = format!("https://example.amazonaws.com{}", case.target);
        let signed = presigner.sign(&Request { method: case.method, url: &url, headers: case.headers }, 3600);
        assert!(signed.contains(&format!("&X-Amz-Signature={}", case.signature)), "{}: {signed}", case.name);
    }
}
