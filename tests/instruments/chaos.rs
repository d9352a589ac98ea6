//! The chaos proxy does what it says, and nothing else.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nearput_tests::chaos::{Answer, Call, ChaosProxy, Fault};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

const PART: &str = "/bucket/key?partNumber=3&uploadId=the-upload";
static BODY: [u8; 100_000] = [7; 100_000];

/// What a server has heard: a head, and the bytes of the body that arrived.
type Heard = UnboundedReceiver<(String, Vec<u8>)>;

/// A server that answers `stored` when it has heard a whole request.
async fn server() -> Result<(SocketAddr, Heard)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (tell, heard) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).await.is_ok_and(|length| length > 0) {}
                let length =
                    head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
                let length: usize = length.unwrap_or_default();
                let mut body = Vec::new();
                let _ = (&mut stream).take(length as u64).read_to_end(&mut body).await;
                let is_whole = body.len() == length;
                let _ = tell.send((head, body));
                if is_whole {
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nstored")
                        .await;
                }
            });
        }
    });
    Ok((address, heard))
}

/// Sends a request through a proxy, and gives all that is answered until the connection ends.
async fn send(proxy: &ChaosProxy, method: &str, target: &str, body: &[u8]) -> Result<String> {
    let mut stream = TcpStream::connect(proxy.addr()).await?;
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: files.example\r\norigin: http://page.example\r\nconnection: keep-alive\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    // A proxy that has cut the connection takes no more.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    Ok(String::from_utf8(answer)?)
}

/// A proxy that does this to the next part, the server behind it, and what the sender of the part is answered.
async fn send_part(fault: Fault) -> Result<(ChaosProxy, Heard, String)> {
    let (address, heard) = server().await?;
    let proxy = ChaosProxy::start(address).await?;
    proxy.plant(Call::Part(3), fault);
    let answer = send(&proxy, "PUT", PART, &BODY).await?;
    Ok((proxy, heard, answer))
}

async fn body(heard: &mut Heard) -> Result<Vec<u8>> {
    let heard = timeout(Duration::from_secs(5), heard.recv()).await.context("the server has heard nothing")?;
    Ok(heard.context("the server is gone")?.1)
}

#[tokio::test]
async fn a_request_goes_through_unchanged_but_for_its_connection() -> Result<()> {
    let (address, mut heard) = server().await?;
    let proxy = ChaosProxy::start(address).await?;
    let answer = send(&proxy, "PUT", PART, &BODY).await?;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("stored"), "{answer}");
    let (head, body) = heard.recv().await.context("nothing was heard")?;
    assert_eq!(
        head,
        format!(
            "PUT {PART} HTTP/1.1\r\nhost: files.example\r\norigin: http://page.example\r\ncontent-length: 100000\r\n\
             connection: close\r\n\r\n"
        )
    );
    assert!(body == BODY);
    let journal = proxy.journal();
    let entry = &journal.entries[0];
    assert_eq!((entry.call, entry.taken, entry.status), (Call::Part(3), 100_000, Some(200)));
    assert_eq!((entry.upload_id.as_deref(), entry.fault), (Some("the-upload"), None));
    assert_eq!((journal.parts(), journal.bytes()), (vec![3], 100_000));
    Ok(())
}

#[tokio::test]
async fn only_the_next_such_request_gets_what_is_planted() -> Result<()> {
    let (proxy, _heard, answer) = send_part(Fault::Answer(Answer::SlowDown)).await?;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    proxy.plant(Call::Create, Fault::CutBefore);
    assert!(send(&proxy, "PUT", PART, &BODY).await?.ends_with("stored"));
    assert_eq!(proxy.journal().to_string(), "2 requests, 1 SlowDown");
    Ok(())
}

#[tokio::test]
async fn a_cut_before_the_body_reaches_no_server() -> Result<()> {
    let (_proxy, mut heard, answer) = send_part(Fault::CutBefore).await?;
    assert_eq!(answer, "");
    assert!(heard.try_recv().is_err());
    Ok(())
}

#[tokio::test]
async fn a_cut_in_the_body_lets_half_of_it_through() -> Result<()> {
    let (_proxy, mut heard, answer) = send_part(Fault::CutInBody).await?;
    assert_eq!(answer, "");
    assert!(body(&mut heard).await? == BODY[..50_000]);
    Ok(())
}

#[tokio::test]
async fn a_lost_reply_is_that_of_a_request_that_was_carried_out() -> Result<()> {
    let (_proxy, mut heard, answer) = send_part(Fault::LoseReply).await?;
    assert_eq!(answer, "");
    assert!(body(&mut heard).await? == BODY);
    Ok(())
}

#[tokio::test]
async fn a_cut_in_the_reply_leaves_half_of_its_body() -> Result<()> {
    let (.., answer) = send_part(Fault::CutInReply).await?;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nsto"), "{answer}");
    Ok(())
}

#[tokio::test]
async fn a_swallowed_reply_and_a_stall_leave_the_connection_open() -> Result<()> {
    for (fault, arrives) in [(Fault::SwallowReply, true), (Fault::Stall, false)] {
        let (address, mut heard) = server().await?;
        let proxy = ChaosProxy::start(address).await?;
        proxy.plant(Call::Part(3), fault);
        let answer = timeout(Duration::from_secs(1), send(&proxy, "PUT", PART, &BODY)).await;
        assert!(answer.is_err(), "{fault:?} was answered {answer:?}");
        assert_eq!(heard.try_recv().is_ok_and(|(_, body)| body == BODY), arrives, "{fault:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_delay_and_a_throttle_take_their_time() -> Result<()> {
    let duration = Duration::from_millis(300);
    for fault in [Fault::Delay(duration), Fault::Throttle(duration)] {
        let start = Instant::now();
        let (_proxy, mut heard, answer) = send_part(fault).await?;
        assert!(answer.ends_with("stored"), "{answer}");
        assert!(start.elapsed() >= duration / 2, "{fault:?} took {:?}", start.elapsed());
        assert!(body(&mut heard).await? == BODY);
    }
    Ok(())
}

#[tokio::test]
async fn a_corrupted_body_differs_in_one_byte_of_the_file() -> Result<()> {
    for (method, target, place) in [("PUT", PART, 50_000), ("POST", "/bucket", 100_000 - 64)] {
        let (address, mut heard) = server().await?;
        let proxy = ChaosProxy::start(address).await?;
        proxy.plant(Call::of(method, target), Fault::Corrupt);
        assert!(send(&proxy, method, target, &BODY).await?.ends_with("stored"));
        let body = body(&mut heard).await?;
        let changed: Vec<_> = (0..BODY.len()).filter(|index| body[*index] != BODY[*index]).collect();
        assert_eq!(changed, [place]);
    }
    Ok(())
}

#[tokio::test]
async fn answers_in_the_servers_stead_carry_cors_headers_as_s3s_own_do() -> Result<()> {
    for (answer, status, code, is_readable) in [
        (Answer::InternalError, 500, "<Code>InternalError</Code>", true),
        (Answer::SlowDown, 503, "<Code>SlowDown</Code>", true),
        (Answer::Expired, 403, "<Message>Request has expired</Message>", true),
        (Answer::InvalidPart, 400, "<Code>InvalidPart</Code>", true),
        (Answer::NoSuchUpload, 404, "<Code>NoSuchUpload</Code>", true),
        (Answer::OkWithError, 200, "<Code>InternalError</Code>", true),
        (Answer::Opaque, 503, "<Code>SlowDown</Code>", false),
        (Answer::BadGateway, 502, "<h1>502 Bad Gateway</h1>", false),
    ] {
        let (proxy, mut heard, said) = send_part(Fault::Answer(answer)).await?;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")) && said.contains(code), "{said}");
        let is_allowed = said.contains("\r\naccess-control-allow-origin: http://page.example\r\n");
        assert_eq!(is_allowed, is_readable, "{said}");
        assert!(heard.try_recv().is_err());
        assert_eq!(proxy.journal().entries[0].status, Some(status));
    }
    Ok(())
}

#[tokio::test]
async fn each_kind_of_request_is_known() {
    for (method, target, call) in [
        ("OPTIONS", PART, Call::Preflight),
        ("PUT", PART, Call::Part(3)),
        ("PUT", "/bucket/key?X-Amz-Expires=900", Call::Put),
        ("POST", "/bucket", Call::Form),
        ("POST", "/bucket/key?uploads", Call::Create),
        ("POST", "/bucket/key?uploads=&x-id=CreateMultipartUpload", Call::Create),
        ("POST", "/bucket/key?uploadId=1", Call::Complete),
        ("DELETE", "/bucket/key?x-id=AbortMultipartUpload&uploadId=1", Call::Abort),
        ("GET", "/bucket/key?uploadId=1", Call::ListParts),
        ("GET", "/bucket/key", Call::Get),
        ("HEAD", "/bucket/key", Call::Head),
        ("HEAD", "/bucket/nearput-probe", Call::Probe),
        ("POST", "/v1/uploads", Call::Signer(nearput_api::path::OPEN)),
        ("POST", "/v1/uploads/complete", Call::Signer(nearput_api::path::COMPLETE)),
        ("PATCH", "/bucket/key", Call::Other),
    ] {
        assert_eq!(Call::of(method, target), call, "{method} {target}");
    }
}

#[tokio::test]
async fn one_request_of_five_is_disturbed_and_a_seed_repeats_itself() -> Result<()> {
    let (address, _heard) = server().await?;
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let proxy = ChaosProxy::start(address).await?;
        proxy.disturb(seed, 5);
        for _ in 0..30 {
            send(&proxy, "GET", "/bucket/key", b"").await?;
        }
        let faults: Vec<_> = proxy.journal().entries.iter().map(|entry| entry.fault).collect();
        for turn in faults.chunks(5) {
            assert_eq!(turn.iter().flatten().count(), 1, "{faults:?}");
        }
        runs.push(faults);
        proxy.calm();
        assert!(send(&proxy, "GET", "/bucket/key", b"").await?.ends_with("stored"));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    Ok(())
}

#[tokio::test]
async fn a_frozen_line_is_silent_until_it_is_thawed() -> Result<()> {
    let (address, mut heard) = server().await?;
    let proxy = ChaosProxy::start(address).await?;
    proxy.freeze();
    let sending = send(&proxy, "PUT", PART, &BODY);
    tokio::pin!(sending);
    assert!(timeout(Duration::from_millis(300), &mut sending).await.is_err());
    assert!(heard.try_recv().is_err());
    proxy.thaw();
    assert!(sending.await?.ends_with("stored"));
    Ok(())
}

#[tokio::test]
async fn a_stopped_proxy_refuses_connections_and_comes_back_at_its_address() -> Result<()> {
    let (address, _heard) = server().await?;
    let mut proxy = ChaosProxy::start(address).await?;
    let url = proxy.url();
    proxy.stop().await;
    assert!(TcpStream::connect(proxy.addr()).await.is_err());
    proxy.restart().await?;
    assert_eq!(proxy.url(), url);
    assert!(send(&proxy, "PUT", PART, &BODY).await?.ends_with("stored"));
    Ok(())
}
