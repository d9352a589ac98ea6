//! AWS on this machine: moto for settings, roles and names, the embedded S3 for objects, real signers, and a front before all of them.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use nearput_dev::{EmbeddedS3, EmbeddedS3Options, HealthChecks, LatencyRecord, NameServer, NameServerOptions, Session};
use nearput_signer::{CheckOptions, Config, Report, Secrets, SiteCredentials, TicketKey, build, check};
use nearput_tests::client::Request;
use nearput_tests::moto::Moto;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::access_point::{ALIAS, HOST};
use super::certificates::Authority;
use super::front::{Front, State};
use super::setup::{Certificate, DOTTED, EU, NAME, PAGE, Setup, US, replication};
use crate::signer::TOKEN;

const ACCESS_KEY: &str = "an-access-key";
pub(crate) const SECRET_KEY: &str = "a-secret-key";

pub(crate) struct Cloud {
    moto: Moto,
    s3: EmbeddedS3,
    front: Front,
    authority: Authority,
    /// Where each kind of certificate is shown.
    shown: [(Certificate, SocketAddr); 3],
    data: TempDir,
}

impl Cloud {
    pub(crate) async fn start() -> Self {
        let moto = Moto::start(&[]).await;
        let data = tempfile::tempdir().expect("a directory");
        let s3 = EmbeddedS3::start(EmbeddedS3Options {
            listen: "127.0.0.1:0".parse().expect("an address"),
            listen_tls: None,
            data: data.path().to_owned(),
            buckets: [EU, US, DOTTED].map(str::to_owned).to_vec(),
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            allowed_origins: Vec::new(),
        });
        let s3 = s3.await.expect("an S3");
        let front = Front::start(&moto.url, s3.addr(), (ACCESS_KEY, SECRET_KEY)).await;
        let authority = Authority::new();
        let (names, other) = ([hosts(), vec![NAME.to_owned()]].concat(), vec!["elsewhere.example".to_owned()]);
        let shown = [
            (Certificate::Good, front.with_tls(authority.acceptor(&names, false)).await),
            (Certificate::Ended, front.with_tls(authority.acceptor(&names, true)).await),
            (Certificate::OfAnotherName, front.with_tls(authority.acceptor(&other, false)).await),
        ];
        Self { moto, s3, front, authority, shown, data }
    }

    /// Sets everything up anew, and looks at it.
    pub(crate) async fn look(&self, setup: &Setup) -> Report {
        let Ready { config, secrets, options, .. } = &self.ready(setup).await;
        let config = Config::parse(config).expect("a configuration");
        check(&config, secrets.clone(), options).await.expect("it can look")
    }

    /// Sets everything up anew.
    pub(crate) async fn ready(&self, setup: &Setup) -> Ready {
        self.apply(setup).await;
        let first = Signer::start(&self.config(setup, "eu", &[]), 7).await;
        let second = format!("{}{}", self.config(setup, setup.second_home, &[]), setup.second_tables);
        let second = Signer::start(&second, setup.second_ticket_key).await;
        self.front.lead_to(first.address);
        let at = self.shown.iter().find(|(kind, _)| *kind == setup.certificate).expect("one of each").1;
        let names = NameServer::start(NameServerOptions {
            listen: "127.0.0.1:0".parse().expect("an address"),
            name: NAME.to_owned(),
            records: vec![LatencyRecord { region: "eu-west-1".to_owned(), signer: first.address }],
            places: Vec::new(),
            ttl: 60,
            health_checks: HealthChecks {
                interval: Duration::from_secs(30),
                threshold: 3,
                patience: Duration::from_secs(6),
            },
        });
        let names = names.await.expect("a name server");
        let signers = [
            format!("https://{}:{}", setup.name, at.port()),
            format!("http://{}", first.address),
            format!("http://{}", second.address),
        ];
        let elsewhere = if setup.may_look { &self.moto.url } else { &format!("http://{}", self.front.address) };
        let credentials = if setup.may_put { full_credentials() } else { self.narrow_session() };
        Ready {
            config: self.config(setup, "eu", &signers),
            secrets: Secrets {
                site_credentials: ["eu", "us"].map(|site| (site.to_owned(), credentials.clone())).into(),
                ..Secrets::default()
            },
            options: CheckOptions {
                resolve: hosts().into_iter().map(|host| (host, at)).collect(),
                dns_server: Some(names.addr()),
                roots: setup.is_trusted.then(|| self.authority.pem().into_bytes()),
                iam: Some(elsewhere.clone()),
                route53: Some(elsewhere.clone()),
                token: Some(TOKEN.to_owned()),
                ..CheckOptions::default()
            },
            _signers: [Some(first), setup.second_signer_runs.then_some(second)],
            _names: names,
        }
    }

    /// The queries of all requests by which objects were deleted since it was set up.
    pub(crate) fn deletes(&self) -> Vec<String> {
        self.front.deletes()
    }

    /// How many objects and open uploads there are.
    pub(crate) fn leftovers(&self) -> usize {
        let buckets = [EU, US, DOTTED].map(|bucket| self.data.path().join(bucket));
        buckets.iter().map(|bucket| files_below(bucket)).sum::<usize>() + self.s3.open_uploads().expect("a list")
    }

    fn narrow_session(&self) -> SiteCredentials {
        let session = Session {
            access_key: "ASIANARROW".to_owned(),
            secret_key: "narrow".to_owned(),
            token: "token".to_owned(),
            expires_at: SystemTime::now() + Duration::from_hours(1),
            may_put: Some("nearput-eu/elsewhere/*".to_owned()),
        };
        self.s3.sessions().add(session);
        SiteCredentials {
            access_key_id: "ASIANARROW".to_owned(),
            secret_access_key: "narrow".to_owned(),
            session_token: Some("token".to_owned()),
        }
    }

    fn config(&self, setup: &Setup, home: &str, signers: &[String]) -> String {
        let (bucket, accelerate) = (setup.bucket, setup.accelerate);
        let front = if setup.is_reachable { self.front.address } else { SocketAddr::from(([127, 0, 0, 1], 9)) };
        let (topology, mrap) = match setup.access_point {
            Some(_) => ("mrap", format!("mrap = '{ALIAS}'")),
            None => ("multi-region", String::new()),
        };
        format!(
            "listen = '127.0.0.1:0'
            allowed_origins = ['{PAGE}']
            home = '{home}'
            topology = '{topology}'
            signers = {signers:?}
            [[sites]]
            id = 'eu'
            region = 'eu-west-1'
            bucket = '{bucket}'
            accelerate = {accelerate}
            internal_endpoint = 'http://{front}'
            credentials = 'environment'
            {mrap}
            [[sites]]
            id = 'us'
            region = 'us-west-2'
            bucket = '{US}'
            internal_endpoint = 'http://{front}'
            credentials = 'environment'
            {mrap}
            {}",
            setup.tables
        )
    }

    async fn apply(&self, setup: &Setup) {
        self.ask("s3", "POST", "/moto-api/reset", String::new()).await;
        for (bucket, region) in [(setup.bucket, setup.region), (US, Some("us-west-2"))] {
            if let Some(region) = region {
                self.apply_bucket(setup, bucket, region).await;
            }
        }
        self.front.set(State {
            ahead: setup.ahead,
            may_look: setup.may_look,
            corrupts: setup.corrupts,
            denies_settings: setup.denies_settings,
            is_locked: setup.is_locked,
            completes: setup.completes,
            lists_parts: setup.lists_parts,
            object_headers: setup.object_headers,
            access_point: setup.access_point,
            ..State::default()
        });
        for bucket in [EU, US, DOTTED] {
            self.front.replicate(bucket, replication(&setup.copies, bucket));
        }
        let policy = |statements: &serde_json::Value| {
            let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
            utf8_percent_encode(&policy, NON_ALPHANUMERIC).to_string()
        };
        let trust = policy(&setup.trust);
        let role = format!("Action=CreateRole&Version=2010-05-08&RoleName=copier&AssumeRolePolicyDocument={trust}");
        if setup.has_role {
            self.ask("iam", "POST", "/", role).await;
            let rights = policy(&setup.rights);
            let put = "Action=PutRolePolicy&Version=2010-05-08&RoleName=copier&PolicyName=replication";
            self.ask("iam", "POST", "/", format!("{put}&PolicyDocument={rights}")).await;
        }
        self.apply_names(setup).await;
    }

    async fn apply_bucket(&self, setup: &Setup, bucket: &str, region: &str) {
        let put = async |query: &str, body: String| {
            self.ask_in(region, "s3", "PUT", &format!("/{bucket}{query}"), body).await;
        };
        put("", format!("<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>")).await;
        put("?cors", setup.cors.xml()).await;
        if setup.is_versioned {
            put(
                "?versioning",
                "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>".to_owned(),
            )
            .await;
        }
        if setup.is_accelerated && !bucket.contains('.') {
            put(
                "?accelerate",
                "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>".to_owned(),
            )
            .await;
        }
        if let Some(days) = setup.aborts_after_days {
            let abort = format!(
                "<AbortIncompleteMultipartUpload><DaysAfterInitiation>{days}</DaysAfterInitiation></AbortIncompleteMultipartUpload>"
            );
            let rule =
                format!("<Rule><ID>abort</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>{abort}</Rule>");
            put("?lifecycle", format!("<LifecycleConfiguration>{rule}</LifecycleConfiguration>")).await;
        }
        if setup.blocks_public_access {
            let all = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
            let all: String = all.iter().map(|one| format!("<{one}>true</{one}>")).collect();
            put(
                "?publicAccessBlock",
                format!("<PublicAccessBlockConfiguration>{all}</PublicAccessBlockConfiguration>"),
            )
            .await;
        }
        if setup.enforces_ownership {
            let rule = "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>";
            put("?ownershipControls", format!("<OwnershipControls>{rule}</OwnershipControls>")).await;
        }
        if setup.has_public_policy {
            let statement = json!({
                "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
            });
            put("?policy", json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()).await;
        }
        if !setup.is_encrypted {
            return;
        }
        let by = "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>";
        let encryption =
            format!("<ServerSideEncryptionConfiguration><Rule>{by}</Rule></ServerSideEncryptionConfiguration>");
        put("?encryption", encryption).await;
    }

    async fn apply_names(&self, setup: &Setup) {
        let zone = "<CreateHostedZoneRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Name>nearput.test</Name>\
                    <CallerReference>1</CallerReference></CreateHostedZoneRequest>";
        let made = self.ask("route53", "POST", "/2013-04-01/hostedzone", zone.to_owned()).await;
        let zone = between(&made, "<Id>", "</Id>");
        let check = "<CreateHealthCheckRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
                     <CallerReference>2</CallerReference><HealthCheckConfig><Type>HTTPS</Type><ResourcePath>/healthz</ResourcePath>\
                     <FullyQualifiedDomainName>sign.example</FullyQualifiedDomainName></HealthCheckConfig></CreateHealthCheckRequest>";
        let made = self.ask("route53", "POST", "/2013-04-01/healthcheck", check.to_owned()).await;
        let id = between(&made, "<Id>", "</Id>");
        let id = if setup.has_health_checks { format!("<HealthCheckId>{id}</HealthCheckId>") } else { String::new() };
        for region in setup.record_regions {
            let set = format!(
                "<ResourceRecordSet><Name>{}</Name><Type>A</Type><SetIdentifier>{region}</SetIdentifier><Region>{region}</Region>\
                 <TTL>60</TTL><ResourceRecords><ResourceRecord><Value>127.0.0.1</Value></ResourceRecord></ResourceRecords>{id}\
                 </ResourceRecordSet>",
                NAME
            );
            let change = format!(
                "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>\
                 <Change><Action>CREATE</Action>{set}</Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
            );
            self.ask("route53", "POST", &format!("/2013-04-01{zone}/rrset/"), change).await;
        }
    }

    async fn ask(&self, service: &str, method: &str, path: &str, body: String) -> String {
        self.ask_in("us-east-1", service, method, path, body).await
    }

    /// moto finds the service by the signature's scope, and does not look at the signature.
    async fn ask_in(&self, region: &str, service: &str, method: &str, path: &str, body: String) -> String {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=x/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=x"
        );
        let content_type = if service == "iam" { "application/x-www-form-urlencoded" } else { "application/xml" };
        let headers =
            [("authorization".to_owned(), scope), ("content-type".to_owned(), content_type.to_owned())].into();
        let request = Request {
            method: method.to_owned(),
            url: format!("{}{path}", self.moto.url),
            headers,
            body: body.into_bytes(),
        };
        let reply = request.send().await;
        assert!(reply.status.is_success(), "{method} {path}: {} {}", reply.status, reply.text());
        reply.text()
    }
}

fn full_credentials() -> SiteCredentials {
    SiteCredentials {
        access_key_id: ACCESS_KEY.to_owned(),
        secret_access_key: SECRET_KEY.to_owned(),
        session_token: None,
    }
}

/// Every host by which a bucket may be reached.
fn hosts() -> Vec<String> {
    let mut hosts = vec![HOST.to_owned(), format!("{EU}.s3-accelerate.amazonaws.com")];
    for (bucket, region) in [(EU, "eu-west-1"), (US, "us-west-2")] {
        hosts.push(format!("{bucket}.s3.{region}.amazonaws.com"));
        hosts.push(format!("{bucket}.s3.dualstack.{region}.amazonaws.com"));
        hosts.push(format!("s3.{region}.amazonaws.com"));
        hosts.push(format!("s3.dualstack.{region}.amazonaws.com"));
    }
    hosts
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let found = text.split_once(start).and_then(|(_, rest)| rest.split_once(end));
    found.map(|(found, _)| found).expect("both are there")
}

fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|entry| if entry.is_dir() { files_below(&entry) } else { 1 }).sum()
}

/// A world that is set up, as long as this is there.
pub(crate) struct Ready {
    pub(crate) config: String,
    pub(crate) secrets: Secrets,
    pub(crate) options: CheckOptions,
    _signers: [Option<Signer>; 2],
    _names: NameServer,
}

/// A signer in this process.
struct Signer {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Signer {
    async fn start(config: &str, ticket_key: u8) -> Self {
        let secrets = Secrets {
            ticket_keys: vec![TicketKey { id: "k1".to_owned(), secret: vec![ticket_key; 32] }],
            development_token: Some(TOKEN.to_owned()),
            site_credentials: ["eu", "us"].map(|site| (site.to_owned(), full_credentials())).into(),
            ..Secrets::default()
        };
        let server = build(Config::parse(config).expect("a configuration"), secrets).await.expect("a signer");
        let address = server.local_addr();
        let run = async { server.run(std::future::pending()).await.expect("serves") };
        Self { address, server: tokio::spawn(run) }
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        self.server.abort();
    }
}
