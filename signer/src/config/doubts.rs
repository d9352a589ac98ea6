//! What a configuration may say, and probably does not mean.

use super::{Config, Origin, residency};
use crate::file_name::Disposition;
use crate::template::Placeholder;

impl Config {
    /// In plain words, each with the key that it is about.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        let mut doubt = |key: &str, problem: &str| doubts.push(format!("{key}: {problem}"));
        let elsewhere = self.allowed_origins.iter().find(|origin| !origin.is_loopback());
        if self.issuers.is_empty() && !self.allow_anonymous {
            match elsewhere {
                Some(_) => {
                    doubt("issuers", "there is none, so that one development token lets everybody in who knows it")
                }
                None => doubt("issuers", "there is none, so that only NEARPUT_DEVELOPMENT_TOKEN lets anybody in"),
            }
        }
        match self.allowed_origins.is_empty() {
            true => doubt("allowed_origins", "there is none, so that no page can call the signer"),
            false if elsewhere.is_some_and(Origin::is_in_clear) => {
                doubt("allowed_origins", "a page that comes by http can be changed on its way; use https")
            }
            false => {}
        }
        if !self.listen.ip().is_loopback() && self.server.tls.is_none() && self.server.client_address_header.is_none() {
            doubt(
                "listen",
                "others reach the signer without TLS; set [server.tls], or client_address_header if there is a proxy that has it",
            );
        }
        let unlimited = self.limits.rate.per_address.is_none() && self.limits.daily == Default::default();
        if self.allow_anonymous && unlimited {
            doubt(
                "allow_anonymous",
                "anybody may upload any amount; set per_address under [limits.rate], and [limits.daily]",
            );
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let types = rule.types.as_ref().unwrap_or(&self.limits.types);
            if rule.disposition == Disposition::Inline && types.iter().any(|pattern| pattern.as_str() == "*/*") {
                let problem =
                    "browsers show what anybody uploads, of any type, under the bucket's name; name the types";
                doubt(&format!("rules[{index}].disposition"), problem);
            }
        }
        let names_tenants =
            self.rules.iter().position(|rule| rule.key.has(Placeholder::Tenant) || rule.tenants.is_some());
        if let Some(index) = names_tenants
            && !self.issuers.is_empty()
            && self.issuers.iter().all(|issuer| issuer.tenant_claim.is_none())
        {
            doubt(&format!("rules[{index}]"), "it is for callers of a tenant, and no issuer has a tenant_claim");
        }
        let is_local = self.listen.ip().is_loopback() && self.server.tls.is_none();
        if is_local && self.server.client_address_header.is_none() && self.limits.rate.per_address.is_some() {
            doubt(
                "limits.rate.per_address",
                "if a proxy on this machine is in front, all callers have its address; set server.client_address_header",
            );
        }
        for (index, site) in self.sites.iter().enumerate() {
            if site.endpoint.iter().any(|endpoint| endpoint.is_in_clear() && !endpoint.is_loopback()) {
                doubt(&format!("sites[{index}].endpoint"), "uploads go there in clear; use https");
            }
        }
        doubts.extend(residency::doubts(self));
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "[[sites]]\nid = 'a'\nregion = 'b'\nbucket = 'ccc'\n";
    const ISSUER: &str = "[[issuers]]\nissuer = 'https://id.example'\naudience = ['a']\n";
    const FINE: &str = "listen = '127.0.0.1:0'\nallowed_origins = ['https://page.example']\n";

    fn doubts(head: &str, rest: &str) -> Vec<String> {
        let config = Config::parse(&format!("{head}{rest}{SITE}")).expect("valid");
        config.doubts().iter().map(|doubt| doubt.split(':').next().expect("a key").to_owned()).collect()
    }

    #[test]
    fn a_usual_configuration_leaves_none() {
        assert!(doubts(FINE, ISSUER).is_empty());
        let public = FINE.replace("127.0.0.1", "0.0.0.0");
        assert!(doubts(&public, &format!("{ISSUER}[server]\nclient_address_header = 'x-forwarded-for'\n")).is_empty());
        let limited = "[limits.rate]\nper_address = '1/s'\n";
        let anonymous = format!("{FINE}allow_anonymous = true\n");
        let behind = format!("{limited}[server]\nclient_address_header = 'x-forwarded-for'\n");
        assert!(doubts(&anonymous, &behind).is_empty());
        assert_eq!(doubts(&anonymous, limited), ["limits.rate.per_address"]);
    }

    #[test]
    fn each_names_its_key() {
        assert_eq!(doubts(FINE, ""), ["issuers"]);
        assert_eq!(doubts("listen = '127.0.0.1:0'\n", ISSUER), ["allowed_origins"]);
        assert_eq!(doubts(&FINE.replace("https", "http"), ISSUER), ["allowed_origins"]);
        assert_eq!(doubts(&FINE.replace("127.0.0.1", "0.0.0.0"), ISSUER), ["listen"]);
        assert_eq!(doubts(&format!("{FINE}allow_anonymous = true\n"), ISSUER), ["allow_anonymous"]);
        let rule = "[[rules]]\naccess = 'a'\nkey = 'a/{uuid}/{name}'\ndisposition = 'inline'\n";
        assert_eq!(doubts(FINE, &format!("{ISSUER}{rule}")), ["rules[0].disposition"]);
        assert!(doubts(FINE, &format!("{ISSUER}{rule}types = ['image/png']\n")).is_empty());
        let rule = "[[rules]]\naccess = 'a'\nkey = '{tenant}/{uuid}/{name}'\n";
        assert_eq!(doubts(FINE, &format!("{ISSUER}{rule}")), ["rules[0]"]);
        assert!(doubts(FINE, &format!("{ISSUER}tenant_claim = 'org_id'\n{rule}")).is_empty());
        let config = format!("{FINE}{ISSUER}{SITE}credentials = 'environment'\nendpoint = 'http://s3.example'");
        assert_eq!(Config::parse(&config).expect("valid").doubts().len(), 1);
    }
}
